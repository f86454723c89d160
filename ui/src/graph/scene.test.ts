import { expect, test } from "vitest"
import { arrange } from "./arrange"
import { asked, itemAt, reach, type Scene, sceneOf, step } from "./scene"
import type { GraphEdge, Item } from "./types"

function item(id: string): Item {
  return { id, name: id, size: 1 }
}

function sceneFor(ids: readonly string[], pairs: ReadonlyArray<readonly [string, string]>): Scene {
  const edges: GraphEdge[] = pairs.map(([from, to]) => ({ from, to }))
  const question = asked(ids.map(item), edges, false, null)
  return sceneOf(question, arrange(question.request))
}

const scene = sceneFor(
  ["raw", "clean", "metrics", "report", "other"],
  [
    ["raw", "clean"],
    ["clean", "metrics"],
    ["clean", "report"],
    ["gone", "report"],
  ],
)
const at = (id: string) => scene.index.get(id) as number

test("edges to what is not there are left out", () => {
  expect(scene.edges).toHaveLength(3)
})

test("every item is found at its own middle, and nothing beside it", () => {
  for (let each = 0; each < scene.items.length; each += 1) {
    const [x, y] = [scene.layout.x[each] as number, scene.layout.y[each] as number]
    expect(itemAt(scene, x + 100, y + 20)).toBe(each)
    expect(itemAt(scene, x - 5, y + 20)).not.toBe(each)
  }
  expect(itemAt(scene, -1000, -1000)).toBeNull()
})

test("what an item reaches is all above and below it, not what is beside", () => {
  const names = (id: string) => [...reach(scene, [at(id)]).items].map((each) => scene.items[each]?.id).sort()
  expect(names("metrics")).toEqual(["clean", "metrics", "raw"])
  expect(names("clean")).toEqual(["clean", "metrics", "raw", "report"])
  expect(reach(scene, [at("metrics")]).edges.size).toBe(2)
})

test("arrows walk along edges, and up and down a column", () => {
  expect(step(scene, at("raw"), "right")).toBe(at("clean"))
  expect(step(scene, at("clean"), "left")).toBe(at("raw"))
  expect(step(scene, at("raw"), "left")).toBeNull()
  const [upper, lower] =
    (scene.layout.y[at("metrics")] as number) < (scene.layout.y[at("report")] as number)
      ? ["metrics", "report"]
      : ["report", "metrics"]
  expect(step(scene, at(upper as string), "down")).toBe(at(lower as string))
  expect(step(scene, at(lower as string), "up")).toBe(at(upper as string))
  expect(step(scene, null, "right")).not.toBeNull()
})

test("places are kept from a graph that is much the same, and not from another one", () => {
  const items = (ids: readonly string[]) => ids.map(item)
  expect(asked(items(["raw", "clean", "metrics", "new"]), [], false, scene).request.before).toBeDefined()
  expect(asked(items(["raw"]), [], false, scene).request.before).toBeUndefined()
})

test("in a frame nothing stands beside what it has no edge with: lines from the frame's sides would pass behind it", () => {
  const items = ["a", "b", "c", "d"].map((id): Item => ({ id, name: id, size: 1, group: "g" }))
  const question = asked(
    [...items, { id: "z", name: "z", size: 1, group: "h" }],
    [{ from: "a", to: "b" }],
    true,
    null,
  )
  const { layout, index } = sceneOf(question, arrange(question.request))
  const corner = (id: string) => {
    const at = index.get(id) as number
    return [layout.x[at] as number, layout.y[at] as number] as const
  }
  expect(corner("b")[1]).toBe(corner("a")[1])
  expect(corner("c")[0]).toBe(corner("a")[0])
  expect(corner("d")[0]).toBe(corner("a")[0])
  expect(new Set(["a", "c", "d"].map((id) => corner(id)[1])).size).toBe(3)
})
