import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { endOf, heightOf, lineAt, MOST_PIXELS, readRange, topOf, windowOf, writeRange } from "./scroll"

const view = fc.record({
  count: fc.integer({ min: 1, max: 20_000_000 }),
  row: fc.constantFrom(18, 19),
  seen: fc.integer({ min: 100, max: 1200 }),
})

describe("scrolling", () => {
  it("comes back to the line that it was sent to", () => {
    fc.assert(
      fc.property(view, fc.double({ min: 0, max: 1, noNaN: true }), (given, part) => {
        const line = part * endOf(given)
        if (heightOf(given) > given.seen) expect(lineAt(topOf(line, given), given)).toBeCloseTo(line, 4)
      }),
    )
  })

  it("shows the last line when the bar is at its end, and the first when at its beginning", () => {
    fc.assert(
      fc.property(view, (given) => {
        const end = windowOf(lineAt(heightOf(given) - given.seen, given), given)
        expect(end.to).toBe(given.count)
        expect(windowOf(lineAt(0, given), given).from).toBe(0)
      }),
    )
  })

  it("never asks for more than a browser draws, nor for more lines than are seen", () => {
    fc.assert(
      fc.property(view, fc.double({ min: 0, max: 1, noNaN: true }), (given, part) => {
        expect(heightOf(given)).toBeLessThanOrEqual(MOST_PIXELS)
        const { from, to } = windowOf(part * endOf(given), given)
        expect(to - from).toBeLessThanOrEqual(given.seen / given.row + 15)
        expect(from).toBeGreaterThanOrEqual(0)
      }),
    )
  })
})

describe("line ranges", () => {
  it("are read as they are written", () => {
    for (const text of ["1", "1234", "3-9"])
      expect(writeRange(readRange(text) ?? { from: 0, to: 0 })).toBe(text)
    expect(readRange("9-3")).toEqual({ from: 3, to: 9 })
    for (const wrong of ["", "0", "-3", "1-", "x", "1-0"]) expect(readRange(wrong)).toBeNull()
  })
})
