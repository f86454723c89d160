import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { type Block, type Inline, isSafe, readInline, readMarkdown } from "./markdown"

describe("readMarkdown", () => {
  it("reads the blocks that reports are made of", () => {
    const blocks = readMarkdown(
      "# Trades\n\n**9** rows,\nin two lines.\n\n- a\n- b\n  - c\n\n1. one\n2. two\n\n> said\n\n```sql\nselect 1\n```\n\n| a | b |\n|---|--:|\n| 1 | x \\| y |\n\n---\n",
    )
    expect(blocks.map((each) => each.kind)).toEqual([
      "heading",
      "paragraph",
      "list",
      "list",
      "quote",
      "code",
      "table",
      "rule",
    ])
    const list = blocks[2] as Extract<Block, { kind: "list" }>
    expect(list.items).toHaveLength(2)
    expect(list.items[1]?.map((each) => each.kind)).toEqual(["paragraph", "list"])
    const table = blocks[6] as Extract<Block, { kind: "table" }>
    expect(table.rows[0]?.[1]).toEqual([{ kind: "text", text: "x | y" }])
    expect(blocks[5]).toEqual({ kind: "code", language: "sql", text: "select 1" })
  })

  it("ends with any text", () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.constantFrom(
            "- a",
            "  b",
            "1. x",
            "> q",
            "```",
            "# h",
            "",
            "| a |",
            "|--|",
            "text",
            "   - c",
            "***",
          ),
        ),
        (lines) => {
          readMarkdown(lines.join("\n"))
        },
      ),
    )
  })
})

describe("readInline", () => {
  const kinds = (text: string) => readInline(text).map((each) => each.kind)

  it("reads spans within each other, and leaves what is none", () => {
    expect(readInline("**a *b* c** `x*y*`")).toEqual([
      {
        kind: "strong",
        of: [
          { kind: "text", text: "a " },
          { kind: "em", of: [{ kind: "text", text: "b" }] },
          { kind: "text", text: " c" },
        ],
      },
      { kind: "text", text: " " },
      { kind: "code", text: "x*y*" },
    ])
    expect(kinds("2 * 3 * 4 and snake_case_name")).toEqual(["text"])
    expect(readInline("\\*not\\*")).toEqual([{ kind: "text", text: "*not*" }])
  })

  it("opens only links that a browser may open", () => {
    expect(kinds("[x](https://a.example)")).toEqual(["link"])
    expect(kinds("[x](javascript:alert(1)) ![y](data:text/html,z)")).toEqual(["text"])
    expect(isSafe("JavaScript:alert(1)")).toBe(false)
  })

  it("keeps HTML as text", () => {
    expect(readInline("<script>alert(1)</script>") as Inline[]).toEqual([
      { kind: "text", text: "<script>alert(1)</script>" },
    ])
  })
})
