import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { cellOf, type Run, wordsOf } from "./cells"
import { rowsOf, type StepOfGrid } from "./rows"
import { contentSize, labelled, placeAt, SIZES, scrollTo, stepped, visible, xOf, yOf } from "./window"

const extents = fc.record({
  columns: fc.integer({ min: 1, max: 10_000 }),
  rows: fc.integer({ min: 1, max: 1000 }),
})
const views = fc.record({
  left: fc.integer({ min: 0, max: 200_000 }),
  top: fc.integer({ min: 0, max: 24_000 }),
  width: fc.integer({ min: 400, max: 2000 }),
  height: fc.integer({ min: 200, max: 1200 }),
  column: fc.integer({ min: SIZES.column, max: SIZES.widest }),
})

describe("the window of the grid", () => {
  it("draws no more than what is seen, however many runs and steps there are", () => {
    fc.assert(
      fc.property(views, extents, (view, extent) => {
        const seen = visible(view, extent)
        expect(seen.lastColumn - seen.firstColumn).toBeLessThanOrEqual(view.width / view.column + 2)
        expect(seen.lastRow - seen.firstRow).toBeLessThanOrEqual(view.height / SIZES.row + 2)
        expect(seen.lastColumn).toBeLessThanOrEqual(extent.columns)
      }),
    )
  })

  it("finds the cell that it draws at a place", () => {
    fc.assert(
      fc.property(views, extents, fc.nat(), fc.nat(), (view, extent, a, b) => {
        const seen = visible(view, extent)
        fc.pre(seen.lastColumn > seen.firstColumn && seen.lastRow > seen.firstRow)
        const column = seen.firstColumn + (a % (seen.lastColumn - seen.firstColumn))
        const row = seen.firstRow + (b % (seen.lastRow - seen.firstRow))
        const [x, y] = [xOf(column, view) + view.column / 2, yOf(row, view) + SIZES.row / 2]
        fc.pre(x >= SIZES.names && y >= SIZES.head && x < view.width && y < view.height)
        expect(placeAt(x, y, view, extent)).toEqual({ column, row })
      }),
    )
  })

  it("scrolls no further than it must to show a cell", () => {
    fc.assert(
      fc.property(views, extents, fc.nat(), fc.nat(), (view, extent, a, b) => {
        const place = { column: a % extent.columns, row: b % extent.rows }
        const after = { ...view, ...scrollTo(place, view) }
        const [x, y] = [xOf(place.column, after), yOf(place.row, after)]
        expect(x).toBeGreaterThanOrEqual(SIZES.names)
        expect(y).toBeGreaterThanOrEqual(SIZES.head)
        expect(x + view.column).toBeLessThanOrEqual(view.width)
        expect(y + SIZES.row).toBeLessThanOrEqual(view.height)
        expect(scrollTo(place, after)).toEqual({ left: after.left, top: after.top })
      }),
    )
  })

  it("has names at the left and bars above, which belong to a row or a column alone", () => {
    const [view, extent] = [
      { left: 0, top: 0, width: 800, height: 400, column: SIZES.column },
      { columns: 3, rows: 2 },
    ]
    expect(placeAt(10, SIZES.head + 1, view, extent)).toEqual({ column: null, row: 0 })
    expect(placeAt(SIZES.names + 1, 5, view, extent)).toEqual({ column: 0, row: null })
    expect(placeAt(10, 5, view, extent)).toBeNull()
    expect(placeAt(SIZES.names + 3 * SIZES.column, SIZES.head, view, extent)).toBeNull()
    expect(contentSize(extent)).toEqual({ width: SIZES.names + 60, height: SIZES.head + 48 })
  })

  it("is walked by keys, and not left", () => {
    const extent = { columns: 3, rows: 2 }
    expect(stepped({ column: 2, row: 0 }, "ArrowRight", extent, 10)).toEqual({ column: 2, row: 0 })
    expect(stepped({ column: 2, row: 0 }, "j", extent, 10)).toEqual({ column: 2, row: 1 })
    expect(stepped({ column: 2, row: 1 }, "Home", extent, 10)).toEqual({ column: 0, row: 1 })
    expect(stepped({ column: 0, row: 0 }, "x", extent, 10)).toBeNull()
  })

  it("writes a word under every few columns, always under the newest", () => {
    expect([0, 1, 2, 3, 4, 5, 6].filter((each) => labelled(each, 7, 60))).toEqual([0, 3, 6])
  })
})

describe("the rows of the grid", () => {
  const step = (task: string, group = "", mapped = false): StepOfGrid => ({ task, group, mapped })

  it("put a group's steps below it, and fold them into it", () => {
    const steps = [step("a"), step("load.x", "load"), step("load.deep.y", "load.deep"), step("z")]
    const shown = (folded: string[]) =>
      rowsOf(steps, new Set(folded)).map((row) => `${" ".repeat(row.depth)}${row.name}`)
    expect(shown([])).toEqual(["a", "load", " x", " deep", "  y", "z"])
    expect(shown(["load.deep"])).toEqual(["a", "load", " x", " deep", "z"])
    expect(shown(["load"])).toEqual(["a", "load", "z"])
    expect(rowsOf(steps, new Set(["load"]))[1]?.tasks).toEqual(["load.x", "load.deep.y"])
  })

  it("keep a group together whose steps do not follow each other", () => {
    const steps = [step("g.a", "g"), step("m"), step("g.b", "g")]
    expect(rowsOf(steps, new Set()).map((row) => row.id)).toEqual(["g.", "g.a", "g.b", "m"])
  })

  it("show each step once, or within a folded group", () => {
    const names = fc.array(fc.constantFrom("", "a", "a.b", "c"), { maxLength: 30 })
    fc.assert(
      fc.property(names, fc.subarray(["a", "a.b", "c"]), (groups, folded) => {
        const steps = groups.map((group, index) => step(`${group}.s${index}`, group))
        const rows = rowsOf(steps, new Set(folded))
        const told = rows.flatMap((row) => (row.kind === "task" || row.folded ? row.tasks : []))
        expect(told.toSorted()).toEqual(steps.map((each) => each.task).toSorted())
      }),
    )
  })
})

describe("a cell", () => {
  const cells = {
    a: { counts: { succeeded: 20, failed: 1 }, attempts: 2, seconds: 3 },
    b: { counts: { skipped: 1 }, attempts: 1, seconds: 1 },
  }
  const run = { cells } as unknown as Run

  it("says the worst of what is in it", () => {
    expect(cellOf(run, ["a", "b"])).toEqual({
      state: "failed",
      counts: { succeeded: 20, failed: 1, skipped: 1 },
      total: 22,
      attempts: 2,
      seconds: 4,
    })
    expect(cellOf(run, ["b"])?.state).toBe("skipped")
    expect(cellOf(run, ["c"])).toBeNull()
    expect(wordsOf({ succeeded: 20, failed: 1 }).map((each) => each[0])).toEqual(["failed", "succeeded"])
  })
})
