import { expect, test } from "vitest"
import { allOf, keysOf, pointed, quoted, term } from "./selection-terms"

test("values with spaces are quoted", () => {
  expect(quoted("team:trading")).toBe("team:trading")
  expect(term("group", ["raw", "the rest"])).toBe('group:raw|"the rest"')
  expect(term("group", [])).toBe("")
})

test("parts are joined so that each holds as a whole", () => {
  expect(allOf(["a or b", "group:x", ""])).toBe("(a or b) and group:x")
  expect(allOf(["a, b", "status:stale"])).toBe("(a, b) and status:stale")
  expect(allOf(["", " a "])).toBe("a")
  expect(allOf(["(a or b)", "c"])).toBe("(a or b) and c")
  expect(allOf(["(a or b) or (c or d)", "e"])).toBe("((a or b) or (c or d)) and e")
})

test("several keys are one term", () => {
  expect(keysOf(["a", "b/c"])).toBe("key:a|b/c")
})

test("an error is told apart from the place that it points at", () => {
  expect(pointed("Expected `and`.\n  group:x(\n         ^")).toEqual({
    said: "Expected `and`.",
    lines: "group:x(\n       ^",
  })
  expect(pointed("There is no such thing.")).toEqual({ said: "There is no such thing.", lines: null })
})
