import { expect, test } from "vitest"
import { kindOf, textOfHtml } from "./metadata-words"

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
  expect(kindOf("html", { type: "html", data: "<script>" })).toEqual({ kind: "code", text: "" })
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

test("a page is its words: rows as lines, cells apart, nothing that could run", () => {
  const page =
    "<style>td { color: red }</style><table><thead><tr><th>day</th><th>price</th></tr></thead>\n" +
    "<tr><td>1</td>\n <td>a &lt; b&#33; &unknown;</td></tr></table><p onclick='x()'>and <b>more</b></p><script>x()</script>"
  expect(textOfHtml(page)).toBe("day\tprice\n1\ta < b! &unknown;\nand more")
  expect(kindOf("report", { type: "markdown", data: "# a" })).toEqual({ kind: "markdown", text: "# a" })
})
