import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { counted, diffLines, hunksOf, pairsOf, readPatch } from "./diff"

const text = fc.array(fc.constantFrom("a", "b", "c", "d"), { maxLength: 24 }).map((lines) => lines.join("\n"))
const lines = (from: string) => (from === "" ? [] : from.split("\n"))

describe("diffLines", () => {
  it("keeps both texts whole, in their order", () => {
    fc.assert(
      fc.property(text, text, (before, after) => {
        const found = diffLines(before, after)
        expect(found.filter((each) => each.kind !== "added").map((each) => each.text)).toEqual(lines(before))
        expect(found.filter((each) => each.kind !== "removed").map((each) => each.text)).toEqual(lines(after))
      }),
    )
  })

  it("changes as few lines as the longest common subsequence allows", () => {
    fc.assert(
      fc.property(text, text, (before, after) => {
        const [old, fresh] = [lines(before), lines(after)]
        const common = old.map(() => new Array<number>(fresh.length + 1).fill(0))
        common.push(new Array<number>(fresh.length + 1).fill(0))
        for (let x = old.length - 1; x >= 0; x -= 1)
          for (let y = fresh.length - 1; y >= 0; y -= 1)
            (common[x] as number[])[y] =
              old[x] === fresh[y]
                ? (common[x + 1]?.[y + 1] ?? 0) + 1
                : Math.max(common[x + 1]?.[y] ?? 0, common[x]?.[y + 1] ?? 0)
        const changes = diffLines(before, after).filter((each) => each.kind !== "same").length
        expect(changes).toBe(old.length + fresh.length - 2 * (common[0]?.[0] ?? 0))
      }),
    )
  })

  it("numbers lines from one in each text", () => {
    expect(diffLines("a\nb\nc", "a\nx\nc")).toEqual([
      { kind: "same", text: "a", before: 1, after: 1 },
      { kind: "removed", text: "b", before: 2 },
      { kind: "added", text: "x", after: 2 },
      { kind: "same", text: "c", before: 3, after: 3 },
    ])
  })
})

describe("hunksOf", () => {
  it("leaves out what is far from a change and says how much", () => {
    const before = Array.from({ length: 30 }, (_, at) => `line ${at}`)
    const after = before.with(15, "another")
    const [hunk, ...rest] = hunksOf(diffLines(before.join("\n"), after.join("\n")), 2)
    expect(rest).toEqual([])
    expect(hunk?.skipped).toBe(13)
    expect(hunk?.lines.map((each) => each.kind)).toEqual(["same", "same", "removed", "added", "same", "same"])
  })
})

describe("readPatch", () => {
  it("reads the server's unified diffs", () => {
    const hunks = readPatch("--- f\n+++ f\n@@ -3,2 +3,3 @@\n same\n-old\n+new\n+more")
    expect(hunks).toHaveLength(1)
    expect(hunks[0]?.skipped).toBe(2)
    expect(hunks[0]?.lines[1]).toEqual({ kind: "removed", text: "old", before: 4 })
    expect(counted(hunks)).toEqual({ added: 2, removed: 1 })
  })

  it("stands removed lines beside those that came in their place", () => {
    const [hunk] = readPatch("@@ -1,2 +1,3 @@\n-a\n-b\n+x\n+y\n+z")
    expect(pairsOf(hunk?.lines ?? []).map(([left, right]) => [left?.text, right?.text])).toEqual([
      ["a", "x"],
      ["b", "y"],
      [undefined, "z"],
    ])
  })
})
