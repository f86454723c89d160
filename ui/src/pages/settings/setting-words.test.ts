import { expect, test } from "vitest"
import { aboutOf, sourceWords, valueWords } from "./setting-words"

test("what people named themselves is told by the table that it stands in", () => {
  expect(aboutOf("pools.warehouse")).toBe(aboutOf("pools"))
  expect(aboutOf("queue.priorities.tag:urgent")).toBe(aboutOf("queue.priorities"))
  expect(aboutOf("something.else")).toBe("")
})

test("values are written as people write them", () => {
  expect([null, "", [], ["a", "b"], 3, false, "x"].map(valueWords)).toEqual([
    "–",
    "–",
    "none",
    "a, b",
    "3",
    "false",
    "x",
  ])
})

test("each source is told by its name", () => {
  expect(sourceWords({ source: "default", where: "" })).toBe("default")
  expect(sourceWords({ source: "file", where: "weft.toml" })).toBe("weft.toml")
  expect(sourceWords({ source: "environment", where: "WEFT_HOME" })).toBe("the variable WEFT_HOME")
  expect(sourceWords({ source: "flag", where: "--port" })).toBe("the command line, --port")
})
