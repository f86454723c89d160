import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { axisOf, gapsOf, placeOf, sinceWords, ticksOf, timeAt } from "./axis"
import { criticalPath } from "./critical"
import { type Given, linesOf, partsOf, type Timeline } from "./model"

const stretches = fc
  .array(fc.tuple(fc.integer({ min: 0, max: 1_000_000 }), fc.integer({ min: 1, max: 50_000 })), {
    maxLength: 20,
  })
  .map((found) => found.map(([from, length]) => ({ from, to: Math.min(1_000_000, from + length) })))

describe("the axis", () => {
  it("is in the order of time, and leads back to the same time", () => {
    fc.assert(
      fc.property(stretches, fc.boolean(), fc.integer({ min: 0, max: 1_000_000 }), (busy, fold, time) => {
        const axis = axisOf(0, 1_000_000, busy, fold)
        expect(timeAt(axis, placeOf(axis, time))).toBeCloseTo(time, 3)
        expect(placeOf(axis, time)).toBeGreaterThanOrEqual(placeOf(axis, Math.max(0, time - 10)))
        expect(placeOf(axis, 0)).toBe(0)
        expect(placeOf(axis, 1_000_000)).toBeCloseTo(axis.length, 6)
      }),
    )
  })

  it("folds only what nothing happens in", () => {
    fc.assert(
      fc.property(stretches, (busy) => {
        for (const gap of gapsOf(0, 1_000_000, busy))
          for (const each of busy) expect(each.to <= gap.from || each.from >= gap.to).toBe(true)
      }),
    )
  })

  it("gives a retry days later no more room than a sliver", () => {
    const day = 86_400_000
    const busy = [
      { from: 0, to: 60_000 },
      { from: 3 * day, to: 3 * day + 30_000 },
    ]
    const axis = axisOf(0, 3 * day + 30_000, busy, true)
    expect(axis.length).toBeLessThan(100_000)
    expect(placeOf(axis, 60_000) / axis.length).toBeGreaterThan(0.6)
    expect(axisOf(0, 3 * day + 30_000, busy, false).length).toBe(3 * day + 30_000)
  })

  it("has few ticks, at round times, and none in a gap", () => {
    fc.assert(
      fc.property(stretches, fc.integer({ min: 3, max: 20 }), (busy, most) => {
        const axis = axisOf(0, 1_000_000, busy, true)
        const ticks = ticksOf(axis, 0, 0, axis.length, most)
        for (const tick of ticks)
          expect(
            axis.pieces.some(
              (each) => !each.folded && tick.place >= each.at - 1e-6 && tick.place <= each.end + 1e-6,
            ),
          ).toBe(true)
        expect(ticks.length).toBeLessThanOrEqual(most + axis.pieces.length + 1)
      }),
    )
  })

  it("writes times since the beginning shortly", () => {
    expect([0, 250, 1500, 61_000, 3_660_000, 90_000_000].map(sinceWords)).toEqual([
      "0",
      "250 ms",
      "1.5 s",
      "1:01",
      "1 h 01",
      "1 d 1 h",
    ])
  })
})

const piece = fc
  .tuple(fc.constantFrom("a", "b", "c", "d"), fc.nat(10_000), fc.integer({ min: 1, max: 3000 }))
  .map(([step, begun, took]) => ({ step, begun, ended: begun + took }))
const pieces = fc
  .array(piece, { minLength: 1, maxLength: 30 })
  .map((all) => all.map((each, at) => ({ id: String(at), ...each })))

describe("the critical path", () => {
  it("ends with what ended last, and each on it began after the one before it had ended", () => {
    fc.assert(
      fc.property(pieces, (all) => {
        const path = criticalPath(all, new Map()).map((id) => all.find((each) => each.id === id))
        expect(path.at(-1)?.ended).toBe(Math.max(...all.map((each) => each.ended)))
        for (let at = 1; at < path.length; at += 1)
          expect(path[at - 1]?.ended).toBeLessThanOrEqual((path[at]?.begun ?? 0) + 50)
      }),
    )
  })

  it("goes along the edges where they are known", () => {
    const all = [
      { id: "load", step: "load", begun: 0, ended: 10_000 },
      { id: "other", step: "other", begun: 0, ended: 10_900 },
      { id: "merge", step: "merge", begun: 11_000, ended: 12_000 },
    ]
    expect(criticalPath(all, new Map([["merge", ["load"]]]))).toEqual(["load", "merge"])
    expect(criticalPath(all, new Map())).toEqual(["other", "merge"])
  })
})

const tries = fc
  .array(fc.tuple(fc.nat(1000), fc.nat(500), fc.nat(2000)), { minLength: 1, maxLength: 5 })
  .map((found) => {
    let at = 1000
    return found.map(([wait, start, took], index) => {
      const given = at + wait
      at = given + start + took
      const outcome = index === found.length - 1 ? "succeeded" : "failed"
      return { attempt: index + 1, given, began: given + start, ended: at, outcome, log: null }
    })
  })

describe("the parts of a bar", () => {
  it("are in order, touch, and cover from ready to the end, with every attempt in them", () => {
    fc.assert(
      fc.property(tries, fc.nat(1000), (given, ready) => {
        const parts = partsOf({ item: "", state: "succeeded", tries: given, until: null }, ready, null)
        for (let at = 1; at < parts.length; at += 1) expect(parts[at]?.from).toBe(parts[at - 1]?.to)
        expect(parts.at(-1)?.to).toBe(given.at(-1)?.ended)
        expect(parts.filter((each) => each.kind === "run").map((each) => each.attempt)).toEqual(
          given.map((each) => each.attempt),
        )
      }),
    )
  })
})

function timeline(steps: Timeline["steps"], children: Timeline["children"] = []): Timeline {
  return { run: "r", created: 0, started: 10, ended: null, now: 5000, steps, children }
}
const given = (view: Timeline, opened: string[] = []): Given => ({
  timeline: view,
  opened: new Set(opened),
  rows: new Map(),
  children: new Map(),
  above: new Map(),
})
const step = (name: string, items: string[], begun: number): Timeline["steps"][number] => ({
  step: name,
  count: items.length,
  states: { succeeded: items.length },
  begun,
  ended: begun + 100,
  seconds: 0.1,
  attempts: items.length,
  rows: items.map((item) => ({
    item,
    state: "succeeded",
    tries: [{ attempt: 1, given: begun, began: begun, ended: begun + 100, outcome: "succeeded", log: null }],
    until: null,
  })),
  last: null,
})

describe("the lines", () => {
  it("stand in the order in which they began, with mapped steps folded until they are opened", () => {
    const view = timeline([step("p:late", [""], 900), step("p:mapped", ["0", "1"], 100)])
    expect(linesOf(given(view)).map((each) => each.id)).toEqual(["p:mapped", "p:late"])
    expect(linesOf(given(view, ["p:mapped"])).map((each) => [each.id, each.depth])).toEqual([
      ["p:mapped", 0],
      ["p:mapped[0]", 1],
      ["p:mapped[1]", 1],
      ["p:late", 0],
    ])
  })

  it("open a called run in its place", () => {
    const child = {
      run: "c",
      pipeline: "region",
      state: "succeeded",
      begun: 500,
      ended: 700,
      steps: 1,
      step: "f:call",
      item: "",
    }
    const view = timeline(
      [step("f:a", [""], 100), step("f:call", [""], 500), step("f:b", [""], 900)],
      [child],
    )
    const inner = { ...timeline([step("region:x", [""], 510)]), run: "c" }
    const lines = linesOf({ ...given(view, ["run:c"]), children: new Map([["c", inner]]) })
    expect(lines.map((each) => [each.id, each.depth])).toEqual([
      ["f:a", 0],
      ["run:c", 0],
      ["c/region:x", 1],
      ["f:b", 0],
    ])
  })
})
