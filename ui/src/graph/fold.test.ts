import { expect, test } from "vitest"
import { fold, groupsOf } from "./fold"

const nodes = [
  { id: "a", name: "a", group: "raw", state: "fresh" },
  { id: "b", name: "b", group: "raw", state: "failed" },
  { id: "c", name: "c", group: "mart", state: "stale" },
  { id: "d", name: "d" },
]
const edges = [
  { from: "a", to: "c" },
  { from: "b", to: "c" },
  { from: "a", to: "b" },
  { from: "c", to: "d" },
]

test("a folded group is one item with the worst state and counts of all", () => {
  const { items, edges: kept } = fold(nodes, edges, new Set(["raw"]))
  expect(items.map((each) => each.id)).toEqual(["group:raw", "c", "d"])
  expect(items[0]).toMatchObject({ size: 2, state: "failed", counts: { fresh: 1, failed: 1 } })
  expect(kept.map((each) => `${each.from}>${each.to}`)).toEqual(["group:raw>c", "c>d"])
})

test("nothing folded leaves everything as it is, but doubles", () => {
  const { items, edges: kept } = fold(nodes, [...edges, { from: "a", to: "c" }])
  expect(items).toHaveLength(4)
  expect(kept).toEqual(edges)
})

test("edges to what is not in the graph are left out", () => {
  expect(fold(nodes, [{ from: "a", to: "gone" }]).edges).toEqual([])
})

test("groups are counted", () => {
  expect([...groupsOf(nodes)]).toEqual([
    ["raw", 2],
    ["mart", 1],
  ])
})
