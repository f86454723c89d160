import fc from "fast-check"
import { describe, expect, test } from "vitest"
import {
  between,
  count,
  includes,
  minus,
  normal,
  type Ranges,
  toggled,
  union,
  written,
} from "./partition-strip-ranges"
import {
  clamped,
  gathered,
  moved,
  ordinalAt,
  pixelOf,
  showing,
  type Window,
  zoomed,
} from "./partition-strip-window"

const MOST = 60
const range = fc.tuple(fc.nat(MOST), fc.nat(MOST)).map(([a, b]) => between(a, b))
const ranges = fc.array(range, { maxLength: 8 })

function members(given: Ranges): Set<number> {
  const found = new Set<number>()
  for (const [start, stop] of given) for (let each = start; each < stop; each += 1) found.add(each)
  return found
}

function expectNormal(given: Ranges) {
  for (const [place, [start, stop]] of given.entries()) {
    expect(stop).toBeGreaterThan(start)
    const next = given[place + 1]
    if (next) expect(next[0]).toBeGreaterThan(stop)
  }
}

describe("ranges of ordinals", () => {
  test("are sets: union, difference and membership agree with sets of numbers", () => {
    fc.assert(
      fc.property(ranges, ranges, (a, b) => {
        const [inA, inB] = [members(a), members(b)]
        expect(members(union(a, b))).toEqual(new Set([...inA, ...inB]))
        expect(members(minus(a, b))).toEqual(new Set([...inA].filter((each) => !inB.has(each))))
        expectNormal(union(a, b))
        expectNormal(minus(a, b))
        const whole = normal(a)
        expect(count(whole)).toBe(inA.size)
        for (let each = 0; each <= MOST + 1; each += 1) expect(includes(whole, each)).toBe(inA.has(each))
      }),
    )
  })

  test("toggling a range twice takes it away, and touches nothing else", () => {
    fc.assert(
      fc.property(ranges, range, (a, one) => {
        const rest = members(minus(a, [one]))
        expect(members(toggled(toggled(minus(a, [one]), one), one))).toEqual(rest)
        expect(members(minus(toggled(normal(a), one), [one]))).toEqual(rest)
      }),
    )
  })

  test("are written as the server reads them", () => {
    expect(
      written([
        [0, 1],
        [10, 20],
      ]),
    ).toEqual(["0-0", "10-19"])
    expect(between(7, 3)).toEqual([3, 8])
  })
})

const whole = { start: 0, stop: 1_000_000 }
const window: fc.Arbitrary<Window> = fc
  .tuple(fc.integer({ min: 0, max: 999_990 }), fc.integer({ min: 6, max: 1_000_000 }))
  .map(([start, length]) => clamped({ start, stop: start + length }, whole))

describe("the window of a strip", () => {
  test("stays inside of the whole, however it is zoomed and moved", () => {
    fc.assert(
      fc.property(
        window,
        fc.double({ min: 0.01, max: 50, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (from, factor, at) => {
          for (const next of [zoomed(from, factor, at, whole), moved(from, (at - 0.5) * factor, whole)]) {
            expect(next.start).toBeGreaterThanOrEqual(0)
            expect(next.stop).toBeLessThanOrEqual(1_000_000 + 1e-6)
            expect(next.stop - next.start).toBeGreaterThanOrEqual(6 - 1e-6)
          }
        },
      ),
    )
  })

  test("keeps what is under the pointer there while it comes closer", () => {
    fc.assert(
      fc.property(
        window,
        fc.double({ min: 0.1, max: 1, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (from, factor, at) => {
          fc.pre((from.stop - from.start) * factor >= 6)
          const next = zoomed(from, factor, at, whole)
          const before = from.start + (from.stop - from.start) * at
          expect(next.start + (next.stop - next.start) * at).toBeCloseTo(before, 3)
        },
      ),
    )
  })

  test("finds the ordinal under a pixel that it draws there", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 999_000 }),
        fc.integer({ min: 10, max: 900 }),
        fc.nat(),
        (start, length, pick) => {
          const here = { start, stop: start + length }
          const ordinal = start + (pick % length)
          const middle = (pixelOf(ordinal, 1200, here) + pixelOf(ordinal + 1, 1200, here)) / 2
          expect(ordinalAt(middle, 1200, here)).toBe(ordinal)
          expect(showing(here, ordinal, whole)).toBe(here)
        },
      ),
    )
  })

  test("of a strip with fewer partitions than fill it is all of them", () => {
    expect(clamped({ start: 1, stop: 2 }, { start: 0, stop: 3 })).toEqual({ start: 0, stop: 3 })
    expect(zoomed({ start: 0, stop: 3 }, 0.1, 0.5, { start: 0, stop: 3 })).toEqual({ start: 0, stop: 3 })
  })
})

describe("gathering into columns", () => {
  test("never loses the one that failed", () => {
    fc.assert(
      fc.property(fc.nat(999_999), (failed) => {
        const stretches = [
          { start: 0, stop: failed, status: "fresh" },
          { start: failed, stop: failed + 1, status: "failed" },
          { start: failed + 1, stop: 1_000_000, status: "fresh" },
        ]
        const drawn = gathered(stretches, whole, 800)
        const red = drawn.filter((each) => each.status === "failed")
        expect(red).toHaveLength(1)
        const [one] = red
        expect(one && one.stop - one.start).toBe(1)
        expect(one && Math.abs(one.start - (failed / 1_000_000) * 800)).toBeLessThanOrEqual(1)
      }),
    )
  })

  test("covers exactly what exists", () => {
    const drawn = gathered([{ start: 2, stop: 4, status: "fresh" }], { start: 0, stop: 8 }, 8)
    expect(drawn).toEqual([{ start: 2, stop: 4, status: "fresh" }])
  })
})
