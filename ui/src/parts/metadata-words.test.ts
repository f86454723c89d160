import { expect, test } from "vitest"
import { kindOf } from "./metadata-words"

test("values are told apart by what they are", () => {
  expect(kindOf("rows", 3)).toEqual({ kind: "number", number: 3 })
  expect(kindOf("sure", true)).toEqual({ kind: "text", text: "yes" })
  expect(kindOf("page", "https://example.org/x")).toEqual({ kind: "link", href: "https://example.org/x" })
  expect(kindOf("arrow_schema", "AAAA").kind).toBe("hidden")
  expect(kindOf("chart", { type: "image", media: "image/png", data: "QUJD" })).toEqual({
    kind: "image",
    source: "data:image/png;base64,QUJD",
  })
})

test("what could run in the page is never more than text", () => {
  expect(kindOf("link", "javascript:alert(1)")).toEqual({ kind: "text", text: "javascript:alert(1)" })
  expect(kindOf("chart", { type: "image", media: "image/svg+xml", data: "PHN2Zz4=" }).kind).toBe("text")
  expect(kindOf("html", { type: "html", data: "<script>" })).toEqual({ kind: "page", size: 8 })
})

test("a list of objects is a table with all their fields", () => {
  expect(kindOf("table", [{ a: 1 }, { a: 2, b: "x" }])).toEqual({
    kind: "table",
    head: ["a", "b"],
    rows: [
      ["1", ""],
      ["2", "x"],
    ],
    more: 0,
  })
})
