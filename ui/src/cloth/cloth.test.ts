import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { cellAt, linesOf, worstOf } from "./lines"
import { inPatch, patchOf, threadsOf, timeOf } from "./patch"
import type { Cell, Thread } from "./types"
import { columnStart, moved, spanWords, ticks, zoomed } from "./window"

const DAY = 86_400_000

function thread(key: string, cells: readonly Cell[], group = "default", kind = "asset"): Thread {
  return { key, kind, group, system: "main", status: "fresh", owners: [], cells, stitches: null }
}

/** Cells that do not overlap, as the API sends them. */
const someCells = fc
  .array(
    fc.record({ gap: fc.nat(3), length: fc.nat(4), state: fc.constantFrom("fresh", "stale", "failed") }),
    { maxLength: 12 },
  )
  .map((parts) => {
    let at = 0
    return parts.map(({ gap, length, state }): Cell => {
      const first = at + gap
      at = first + length + 1
      return [first, first + length, state, 1]
    })
  })

describe("lines", () => {
  const threads = [
    thread("a", []),
    thread("b", [], "silver"),
    thread("c", [], "silver"),
    thread("daily", [], "", "pipeline"),
  ]

  it("has a title for each group, and one line for a folded one", () => {
    const lines = linesOf(threads, new Set(["silver"]))
    expect(lines.map((line) => (line.type === "group" ? line.group : line.thread.key))).toEqual([
      "default",
      "a",
      "silver",
      "pipelines",
      "daily",
    ])
  })

  it("has no titles where there is one group", () => {
    expect(linesOf(threads.slice(1, 3), new Set())).toHaveLength(2)
  })

  it("finds the cell of a column as a search through all would", () => {
    fc.assert(
      fc.property(someCells, fc.nat(80), (cells, column) => {
        const expected = cells.find(([first, last]) => first <= column && column <= last) ?? null
        expect(cellAt(thread("a", cells), column)).toEqual(expected)
      }),
    )
  })

  it("shows the worst of a folded group in each column", () => {
    fc.assert(
      fc.property(someCells, someCells, (one, other) => {
        const folded = thread("g", worstOf([thread("a", one), thread("b", other)], 80))
        for (let column = 0; column < 80; column += 1) {
          const states = [one, other].map((cells) => cellAt(thread("", cells), column)?.[2])
          const worst = ["failed", "stale", "fresh"].find((state) => states.includes(state))
          expect(cellAt(folded, column)?.[2]).toBe(worst)
        }
      }),
    )
  })
})

describe("the window of time", () => {
  const span = { since: Date.UTC(2012, 9, 1), until: Date.UTC(2012, 10, 1) }

  it("keeps the point that is zoomed round where it is", () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.2, max: 5, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (factor, at) => {
          const fixed = (one: { since: number; until: number }) => one.since + (one.until - one.since) * at
          expect(Math.abs(fixed(zoomed(span, factor, at)) - fixed(span))).toBeLessThan(3)
        },
      ),
    )
  })

  it("moves by parts of its length", () => {
    expect(moved(span, 0.5).since - span.since).toBe((span.until - span.since) / 2)
  })

  it("has no more marks than there is room for, in order, all within", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 600_000, max: 50 * 365 * DAY }),
        fc.integer({ min: 2, max: 14 }),
        (length, most) => {
          const marks = ticks({ since: span.since, until: span.since + length }, most)
          expect(marks.length).toBeLessThanOrEqual(most + 1)
          for (const [at, mark] of marks.entries()) {
            expect(mark.at).toBeGreaterThanOrEqual(span.since)
            expect(mark.at).toBeLessThanOrEqual(span.since + length)
            if (at > 0) expect(mark.at).toBeGreaterThan(marks[at - 1]?.at ?? 0)
          }
        },
      ),
    )
  })

  it("is said in days where it is of whole days", () => {
    expect(spanWords(span.since, span.since + DAY)).toBe("2012-10-01")
    expect(spanWords(span.since, span.until)).toBe("2012-10-01 to 2012-10-31")
    expect(spanWords(span.since + 3_600_000, span.until)).toBe("2012-10-01 01:00 to 2012-11-01 00:00 UTC")
  })
})

describe("a patch", () => {
  it("is the same whichever way it was dragged", () => {
    expect(patchOf([5, 2], [1, 9])).toEqual(patchOf([1, 9], [5, 2]))
    expect(inPatch(patchOf([5, 2], [1, 9]), 3, 9)).toBe(true)
    expect(inPatch(patchOf([5, 2], [1, 9]), 6, 9)).toBe(false)
  })

  it("covers whole columns", () => {
    const span = { since: 0, until: 10 * DAY }
    expect(timeOf(span, 10, patchOf([0, 2], [0, 4]))).toEqual({ since: 2 * DAY, until: 5 * DAY })
    expect(columnStart(span, 10, 10)).toBe(span.until)
  })

  it("stands for all threads of a folded group", () => {
    const lines = linesOf([thread("a", []), thread("b", [], "g"), thread("c", [], "g")], new Set(["g"]))
    expect(threadsOf(lines, patchOf([0, 0], [lines.length - 1, 0])).map((each) => each.key)).toEqual([
      "a",
      "b",
      "c",
    ])
  })
})
