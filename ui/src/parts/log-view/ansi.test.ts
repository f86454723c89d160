import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { readAnsi, stripAnsi, urlsIn } from "./ansi"

describe("readAnsi", () => {
  it("reads colours and ends them", () => {
    expect(readAnsi("a \x1b[31;1mred\x1b[0m z")).toEqual([
      { text: "a ", classes: [] },
      { text: "red", classes: ["fg1", "bold"] },
      { text: " z", classes: [] },
    ])
  })

  it("takes an empty sequence as an end", () => {
    expect(readAnsi("\x1b[32mok\x1b[m.")).toEqual([
      { text: "ok", classes: ["fg2"] },
      { text: ".", classes: [] },
    ])
  })

  it("brings the 256 and the 16 million colours down to sixteen", () => {
    expect(readAnsi("\x1b[38;5;196mx")[0]?.classes).toEqual(["fg9"])
    expect(readAnsi("\x1b[38;2;10;200;10mx")[0]?.classes).toEqual(["fg2"])
    expect(readAnsi("\x1b[48;5;21;1mx")[0]?.classes).toEqual(["bg12", "bold"])
  })

  it("leaves out cursor moves, titles, and signs that have no picture", () => {
    expect(
      readAnsi("\x1b[2K\x1b[1Gdone\x07\x1b]0;title\x07!")
        .map((each) => each.text)
        .join(""),
    ).toBe("done!")
  })

  it("shows of a progress bar what stands there at the end", () => {
    expect(stripAnsi("10 %\r50 %\r100 %\r")).toBe("100 %")
  })

  it("keeps the text whatever the codes, and never an escape", () => {
    const piece = fc.oneof(
      fc.string({ unit: fc.constantFrom("a", "b", " ", "é", "[", "m", "3") }),
      fc.array(fc.nat(120), { maxLength: 5 }).map((codes) => `\x1b[${codes.join(";")}m`),
    )
    fc.assert(
      fc.property(fc.array(piece), (pieces) => {
        const plain = pieces.filter((each) => !each.startsWith("\x1b")).join("")
        const spans = readAnsi(pieces.join(""))
        expect(spans.map((each) => each.text).join("")).toBe(plain)
        expect(stripAnsi(pieces.join(""))).toBe(plain)
        expect(spans.every((each) => each.text !== "")).toBe(true)
      }),
    )
  })
})

describe("urlsIn", () => {
  it("finds links without the sentence's own punctuation", () => {
    const text = "see https://a.example/x?y=(1), and (http://b.example/z)."
    expect(urlsIn(text).map(([start, end]) => text.slice(start, end))).toEqual([
      "https://a.example/x?y=(1)",
      "http://b.example/z",
    ])
  })
})
