import { describe, expect, it } from "vitest"
import type { Schema } from "@/api/client"
import { around, asked, axis, density, type Mark, marksOf, pastCut, zoomed } from "./timeline-model"

const at = (text: string) => Date.parse(text)
const tick = (given: Partial<Schema["TickView"]>): Schema["TickView"] => ({
  schedule: "nightly",
  tick: "t",
  due: "2026-11-20T02:00:00Z",
  at: "2026-11-20T02:00:00Z",
  decision: "started",
  reason: "",
  runs: [],
  executions: [],
  count: 1,
  position: 1,
  ...given,
})
const run = (id: string, given: Partial<Schema["RunView"]>) =>
  ({
    id,
    phase: "finished",
    outcome: "failed",
    created_at: "2026-11-20T02:00:00Z",
    automation: null,
    ...given,
  }) as Schema["RunView"]
const mark = (time: string, state = "scheduled"): Mark => ({
  automation: "a",
  at: at(time),
  state,
  says: "",
  future: true,
  run: null,
  count: 1,
})

describe("marks", () => {
  it("show what came of what was started, and each run once", () => {
    const found = marksOf(
      [
        tick({ runs: ["r1"] }),
        tick({ decision: "skipped", reason: "blackout", due: "2026-11-20T01:00:00Z" }),
      ],
      [
        run("r1", { automation: "schedule:nightly" }),
        run("r2", { automation: "sensor:new", outcome: "succeeded" }),
      ],
      [],
    )
    expect(found.map((each) => [each.automation, each.state, each.says])).toEqual([
      ["schedule:nightly", "skipped", "skipped, blackout"],
      ["schedule:nightly", "failed", "started, run failed"],
      ["sensor:new", "succeeded", "run succeeded"],
    ])
  })

  it("that collide are high where they do, and what is skipped does not count", () => {
    const span = { from: at("2026-11-20T00:00Z"), to: at("2026-11-20T04:00Z") }
    const marks = [mark("2026-11-20T01:10Z"), mark("2026-11-20T01:50Z"), mark("2026-11-20T01:20Z", "skipped")]
    expect([...density(marks, span, 4)]).toEqual([0, 2, 0, 0])
  })
})

describe("the span", () => {
  it("keeps the point that it is zoomed about where it is", () => {
    const span = around(at("2026-11-20T12:00Z"))
    const about = span.from + (span.to - span.from) / 4
    const near = zoomed(span, 0.5, about)
    expect((about - near.from) / (near.to - near.from)).toBeCloseTo(0.25)
    expect(near.to - near.from).toBe((span.to - span.from) / 2)
  })

  it("is asked for in steps", () => {
    const span = around(at("2026-11-20T12:00Z"))
    expect(asked(span)).toEqual(asked({ from: span.from + 1000, to: span.to + 1000 }))
    expect(asked(span).from).toBeLessThanOrEqual(span.from)
  })
})

describe("the axis", () => {
  it("has round times of the zone", () => {
    const span = { from: at("2026-11-20T10:10Z"), to: at("2026-11-21T10:10Z") }
    const labels = axis(span, 700, "Asia/Kolkata")
    expect(labels[0]).toEqual({ at: at("2026-11-20T12:30Z"), text: "18:00", day: false })
    expect(labels.find((each) => each.day)).toEqual({
      at: at("2026-11-20T18:30Z"),
      text: "21 Nov",
      day: true,
    })
  })

  it("is right beyond a change of the clock", () => {
    const span = { from: at("2026-03-28T12:00Z"), to: at("2026-03-30T12:00Z") }
    const days = axis(span, 300, "Europe/Vienna").filter((each) => each.day)
    expect(days.map((each) => each.at)).toEqual([at("2026-03-28T23:00Z"), at("2026-03-29T22:00Z")])
  })
})

it("what is cut of the past is said from where on all of it is there", () => {
  const at = (hour: number) => `2026-01-01T0${hour}:00:00.000Z`
  const history = { items: [{ at: at(5) }, { at: at(3) }], most: 2 }
  const runs = { items: [{ created_at: at(6) }, { created_at: at(4) }], most: 2 }
  const from = Date.parse(at(1))
  expect(pastCut(history, runs, from)).toBe(Date.parse(at(4)))
  expect(pastCut(history, { ...runs, most: 3 }, from)).toBe(Date.parse(at(3)))
  expect(pastCut({ ...history, most: 3 }, { ...runs, most: 3 }, from)).toBe(null)
  expect(pastCut(history, runs, Date.parse(at(5)))).toBe(null)
  expect(pastCut({ items: [], most: 2 }, { items: [], most: 2 }, from)).toBe(null)
})
