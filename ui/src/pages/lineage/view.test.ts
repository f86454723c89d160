import { expect, test } from "vitest"
import { foldedOf, graphOf, huesOf } from "./view"

function node(name: string, more: object = {}) {
  return {
    id: `asset:${name}`,
    name,
    kind: "asset",
    status: "fresh",
    counts: {},
    group: "core",
    owners: ["ana"],
    kinds: [],
    location: "main",
    late: 0,
    last_success: null,
    strip: [],
    rank: 0,
    has_more: false,
    ...more,
  }
}

const groups = new Map([
  ["raw", 200],
  ["mart", 200],
])

test("many nodes begin folded, few open", () => {
  expect([...foldedOf(groups, 400, "auto", [])]).toEqual(["raw", "mart"])
  expect([...foldedOf(groups, 40, "auto", [])]).toEqual([])
})

test("a flipped group is the other way round", () => {
  expect([...foldedOf(groups, 400, "auto", ["raw"])]).toEqual(["mart"])
  expect([...foldedOf(groups, 40, "open", ["raw"])]).toEqual(["raw"])
  expect([...foldedOf(groups, 400, "none", ["raw"])]).toEqual([])
})

test("one group alone is not folded by itself", () => {
  expect([...foldedOf(new Map([["all", 900]]), 900, "auto", [])]).toEqual([])
})

test("the commonest values have the first hues, and the last one is shared", () => {
  const nodes = [node("a", { group: "x" }), node("b", { group: "y" }), node("c", { group: "y" })]
  expect([...huesOf(nodes, "group")]).toEqual([
    ["y", 0],
    ["x", 1],
  ])
  expect(huesOf(nodes, "status").size).toBe(0)
})

test("where it comes from is said only where there are several places", () => {
  const shown = (nodes: ReturnType<typeof node>[]) => graphOf({ nodes, edges: [], cut: 0 }, "status").nodes
  expect(shown([node("a")])[0]?.system).toBeUndefined()
  expect(shown([node("a"), node("b", { location: "airflow" })])[1]?.system).toBe("airflow")
})
