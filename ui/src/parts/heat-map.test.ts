import fc from "fast-check"
import { expect, test } from "vitest"
import { type Axis, pieceOf, rangesOf, rectOf, squares, touched } from "./heat-map-window"

const axis = fc
  .tuple(fc.integer({ min: 1, max: 40 }), fc.nat(39), fc.nat(39), fc.integer({ min: 1, max: 7 }))
  .map(([total, a, b, size]): Axis => {
    const start = Math.min(a, b) % total
    return { total, start, stop: Math.max(start + 1, Math.min(total, Math.max(a, b) + 1)), size }
  })
const grid = fc
  .tuple(axis, axis, fc.nat(), fc.nat(), fc.nat(), fc.nat())
  .map(([columns, rows, a, b, c, d]) => ({
    columns,
    rows,
    rect: rectOf([a % squares(columns), b % squares(rows)], [c % squares(columns), d % squares(rows)]),
  }))

test("a rectangle touches exactly the squares that were dragged over", () => {
  fc.assert(
    fc.property(grid, ({ columns, rows, rect }) => {
      expect(covered(touched(rangesOf(rect, columns, rows), columns, rows))).toEqual(covered([rect]))
    }),
  )
})

test("a rectangle as ordinals has each of its places once", () => {
  fc.assert(
    fc.property(grid, ({ columns, rows, rect }) => {
      const [across, down] = pieceOf(rect, columns, rows)
        .split("|")
        .map((each) => each.split("-").map(Number) as [number, number])
      const wanted = new Set<number>()
      for (let column = across?.[0] ?? 0; column <= (across?.[1] ?? -1); column += 1)
        for (let row = down?.[0] ?? 0; row <= (down?.[1] ?? -1); row += 1)
          wanted.add(column * rows.total + row)
      const found: number[] = []
      for (const [start, stop] of rangesOf(rect, columns, rows))
        for (let each = start; each < stop; each += 1) found.push(each)
      expect(found.length).toBe(wanted.size)
      expect(new Set(found)).toEqual(wanted)
    }),
  )
})

test("ranges outside of what is looked at touch nothing", () => {
  const columns = { total: 10, start: 2, stop: 4, size: 1 }
  const rows = { total: 3, start: 0, stop: 3, size: 1 }
  expect(touched([[0, 6]], columns, rows)).toEqual([])
  expect(touched([[5, 8]], columns, rows)).toEqual([{ left: 0, right: 0, top: 0, bottom: 1 }])
})

function covered(rects: ReturnType<typeof touched>): string[] {
  const found = new Set<string>()
  for (const { left, right, top, bottom } of rects)
    for (let x = left; x <= right; x += 1) for (let y = top; y <= bottom; y += 1) found.add(`${x} ${y}`)
  return [...found].sort()
}
