import { expect, test } from "vitest"
import { type Asset, asked, type Filters, rowsOf, selectionOf, toggled, withoutClosed } from "./view"

const none: Filters = { select: "", status: [], group: [], owner: [], kind: [], tag: [], location: [] }
const asset = (key: string, group: string) => ({ key, group }) as Asset

test("filters that are not set are not asked for", () => {
  expect(asked({ ...none, select: "+a", owner: ["ana"] })).toEqual({ select: "+a", owner: ["ana"] })
})

test("all that match is one selection", () => {
  expect(selectionOf(none)).toBe("*")
  expect(selectionOf({ ...none, select: "a or b", status: ["stale", "failed"] })).toBe(
    "(a or b) and status:stale|failed",
  )
  expect(selectionOf({ ...none, location: ["main"] })).toBeNull()
})

test("rows of closed groups are not asked for", () => {
  expect(withoutClosed("a or b", ["raw"])).toBe("(a or b) and not group:raw")
  expect(withoutClosed("", ["raw", "the rest"])).toBe('not group:raw|"the rest"')
  expect(withoutClosed("x", [])).toBe("x")
})

test("heads stand where their groups are, closed ones too", () => {
  const counts = new Map([
    ["a", 1],
    ["b", 7],
    ["c", 1],
    ["d", 2],
  ])
  const shown = (complete: boolean) =>
    rowsOf([asset("x", "a"), asset("y", "c")], counts, ["d", "b"], complete).map((row) =>
      row.kind === "group" ? `${row.name} ${row.count}${row.closed ? " closed" : ""}` : row.asset.key,
    )
  expect(shown(true)).toEqual(["a 1", "x", "b 7 closed", "c 1", "y", "d 2 closed"])
  expect(shown(false)).toEqual(["a 1", "x", "b 7 closed", "c 1", "y"])
})

test("a value is switched on and off", () => {
  expect(toggled(["a"], "b")).toEqual(["a", "b"])
  expect(toggled(["a", "b"], "a")).toEqual(["b"])
})
