import { describe, expect, it } from "vitest"
import { detailWords } from "./words"

describe("what a change was made with", () => {
  it("is said by name and value, without what is empty", () => {
    expect(detailWords({ note: "on it", role: "operator", scopes: [], params: {}, reason: "" })).toBe(
      "note on it, role operator",
    )
    expect(detailWords({ matches: { root: "asset:a*" }, until: "2026" })).toBe(
      "matches root=asset:a*, until 2026",
    )
    expect(detailWords({ passed: true })).toBe("passed yes")
  })

  it("needs no name on the command line", () => {
    expect(detailWords({ arguments: ["vendor", "0"] })).toBe("vendor 0")
    expect(detailWords({})).toBe("")
    expect(detailWords(null)).toBe("")
  })
})
