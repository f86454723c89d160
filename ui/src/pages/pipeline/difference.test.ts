import { expect, test } from "vitest"
import { countsOf, differenceOf, fieldsOf, said } from "./difference"

function step(task: string, more: Record<string, unknown> = {}, after: string[] = []) {
  return {
    key: `etl:${task}`,
    task,
    code: `1:${task}`,
    ...(after.length > 0 ? { after: after.map((each) => ({ step: `etl:${each}`, value: true })) } : {}),
    ...more,
  }
}

function pipeline(steps: unknown[], more: Record<string, unknown> = {}) {
  return { pipeline: { name: "etl", kind: "dag", code: "1:all", steps, ...more } }
}

const before = pipeline([step("load"), step("clean", {}, ["load"]), step("store", {}, ["clean"])])

test("two versions that are alike have the same steps and edges", () => {
  const found = differenceOf(before, structuredClone(before))
  expect(countsOf(found.steps)).toEqual({ added: 0, removed: 0, changed: 0, same: 3 })
  expect(countsOf(found.edges)).toEqual({ added: 0, removed: 0, changed: 0, same: 2 })
  expect(found.own).toEqual([])
})

test("steps and edges are added, removed and changed, each told as what it is", () => {
  const after = pipeline(
    [
      step("load", { policies: { retry: { retries: 3 } } }),
      step("check", {}, ["load"]),
      { ...step("store", { code: "1:other" }), after: [{ step: "etl:check" }] },
    ],
    { schedule: { kind: "cron", text: "@daily" }, code: "1:new" },
  )
  const found = differenceOf(before, after)
  expect(found.steps.map((each) => [each.task, each.change, each.code])).toEqual([
    ["load", "changed", false],
    ["check", "added", false],
    ["store", "changed", true],
    ["clean", "removed", false],
  ])
  expect(found.steps[0]?.fields).toEqual([
    { name: "policies › retry › retries", before: undefined, after: 3 },
  ])
  expect(found.steps[2]?.fields).toEqual([])
  expect(found.edges.map((each) => [each.from, each.to, each.change])).toEqual([
    ["load", "check", "added"],
    ["check", "store", "added"],
    ["load", "clean", "removed"],
    ["clean", "store", "removed"],
  ])
  expect(found.own.map((each) => each.name)).toEqual(["schedule › kind", "schedule › text"])
})

test("an edge whose value is read no more is changed, and its steps are not", () => {
  const after = structuredClone(before)
  after.pipeline.steps[1] = { ...step("clean"), after: [{ step: "etl:load" }] } as ReturnType<typeof step>
  const found = differenceOf(before, after)
  expect(found.edges.map((each) => each.change)).toEqual(["changed", "same"])
  expect(found.steps.every((each) => each.change === "same")).toBe(true)
})

test("parameters differ by their schema, not by its text", () => {
  const with_ = (text: string) => pipeline([], { params: text })
  expect(differenceOf(with_('{"a": {"default": 1}}'), with_('{"a":{"default":1}}')).own).toEqual([])
  expect(differenceOf(with_('{"a": {"default": 1}}'), with_('{"a": {"default": 2}}')).own).toEqual([
    { name: "params › a › default", before: 1, after: 2 },
  ])
  expect(differenceOf(with_("x"), with_("y")).own).toHaveLength(1)
})

test("documents without what is expected, as of flows, have no steps", () => {
  expect(differenceOf({}, { pipeline: { steps: "no", kind: "flow" } })).toEqual({
    steps: [],
    edges: [],
    own: [],
  })
})

test("settings are said as people read them", () => {
  expect([undefined, null, true, ["a", "b"], 3, "x", [{ a: 1 }]].map(said)).toEqual([
    "default",
    "none",
    "yes",
    "a, b",
    "3",
    "x",
    '[{"a":1}]',
  ])
  expect(fieldsOf({ a: [1, 2] }, { a: [1] })).toEqual([{ name: "a", before: [1, 2], after: [1] }])
})
