import { expect, test } from "vitest"
import { delta, differences } from "./version-words"

const version = (more: object) => ({
  version: "v1",
  partition: "a",
  data_version: "x",
  code_version: "c",
  run: "r",
  at: "2026-01-01T00:00:00Z",
  current: false,
  state: "",
  metadata: {},
  checks: [],
  inputs: {},
  notes: [],
  ...more,
})

test("what differs comes first, with how much", () => {
  const found = differences(
    version({ metadata: { rows: 100 } }),
    version({ metadata: { rows: 108, note: "x" } }),
  )
  expect(
    found.filter((each) => !each.same).map((each) => [each.name, each.one, each.other, each.change]),
  ).toEqual([
    ["rows", "100", "108", "+8 (+8 %)"],
    ["note", "–", "x", "differs"],
  ])
  expect(found.at(-1)?.same).toBe(true)
})

test("changes of numbers have a sign, and nothing is divided by nothing", () => {
  expect([delta(10, 5), delta(0, 3), delta(3, 3)]).toEqual(["−5 (−50 %)", "+3", "+0 (+0 %)"])
})
