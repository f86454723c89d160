import { describe, expect, it } from "vitest"
import { planRerun, rerunBody, type StepEnd, type StepNeeds } from "./rerun"

const steps: StepNeeds[] = [
  { task: "extract", after: [], mapped: false, role: "" },
  { task: "price", after: ["extract"], mapped: true, role: "" },
  { task: "total", after: ["price"], mapped: false, role: "" },
  { task: "other", after: [], mapped: false, role: "" },
]
const end = (task: string, given: Partial<StepEnd>): StepEnd => ({
  task,
  succeeded: 0,
  reused: 0,
  failed: 0,
  held: 0,
  lost: 0,
  ...given,
})
const ends = [
  end("extract", { succeeded: 1 }),
  end("price", { succeeded: 20, failed: 1 }),
  end("total", { held: 1 }),
  end("other", { succeeded: 1 }),
]

describe("a re-run", () => {
  it("from what failed runs that and what is below, of mapped tasks only the items that failed", () => {
    expect(planRerun("failed", null, steps, ends)).toEqual({
      again: ["price", "total"],
      partly: ["price"],
      kept: ["extract", "other"],
      left: [],
    })
  })

  it("from a step on makes all below it anew, whatever else failed too", () => {
    expect(planRerun("from", "extract", steps, ends).again).toEqual(["extract", "price", "total"])
    expect(planRerun("from", "other", steps, ends)).toMatchObject({
      again: ["price", "total", "other"],
      kept: ["extract"],
    })
  })

  it("of a step only leaves all else as it is, with those below if they are wanted", () => {
    expect(planRerun("only", "extract", steps, ends)).toMatchObject({
      again: ["extract"],
      left: ["price", "total"],
    })
    expect(planRerun("only+", "extract", steps, ends).again).toEqual(["extract", "price", "total"])
  })

  it("of all keeps nothing", () => {
    expect(planRerun("all", null, steps, ends)).toEqual({
      again: ["extract", "price", "total", "other"],
      partly: [],
      kept: [],
      left: [],
    })
  })

  it("asks the API in its words", () => {
    expect(rerunBody("only+", "load")).toEqual({ from_failed: false, from_step: null, only: "load+" })
    expect(rerunBody("failed", null)).toEqual({ from_failed: true, from_step: null, only: null })
  })
})
