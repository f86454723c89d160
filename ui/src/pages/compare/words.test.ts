import { describe, expect, it } from "vitest"
import { type Both, deltaOf, differences, isNotable, ordered } from "./words"

const side = (state: string, seconds: number) => ({ state, seconds, count: 1, attempts: 1, error: "" })
const pair = (
  step: string,
  before: ReturnType<typeof side> | null,
  after: ReturnType<typeof side> | null,
) => ({
  step,
  before,
  after,
})

describe("two runs", () => {
  it("begin with the steps that differ most", () => {
    const steps = [
      pair("same", side("succeeded", 1), side("succeeded", 1)),
      pair("slower", side("succeeded", 1), side("succeeded", 9)),
      pair("new", null, side("succeeded", 1)),
      pair("broke", side("succeeded", 1), side("failed", 1)),
    ]
    expect(ordered(steps).map((each) => each.step)).toEqual(["broke", "new", "slower", "same"])
  })

  it("colour only differences that are more than noise", () => {
    const notable = (before: number, after: number) =>
      isNotable(deltaOf(pair("x", side("succeeded", before), side("succeeded", after))))
    expect(notable(10, 12)).toBe(true)
    expect(notable(10, 10.5)).toBe(false)
    expect(notable(0.001, 0.02)).toBe(false)
    expect(deltaOf(pair("x", null, side("succeeded", 1)))).toBeNull()
  })

  it("say in short what differs", () => {
    const both = {
      before: { outcome: "succeeded", phase: "finished" },
      after: { outcome: "failed", phase: "finished" },
      params: [{ name: "day", before: "1", after: "2", different: true }],
      code: [],
      inputs: [],
      steps: [pair("broke", side("succeeded", 1), side("failed", 1))],
      values: [{ name: "x", before: 1, after: 2, different: true }],
      alike: {},
      left_out: { values: 2 },
      errors: ["", ""],
    } as unknown as Both
    expect(differences(both).map((each) => each.words)).toEqual([
      "outcome: succeeded, then failed",
      "1 parameter: day",
      "state of 1 step",
      "3 values",
    ])
  })
})
