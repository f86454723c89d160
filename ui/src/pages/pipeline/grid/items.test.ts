import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { cellAt, type Run } from "./cells"
import { answered, type ItemsOfRun, StepItems } from "./items"
import { isFolder, rowCalled, rowsOf, withItems } from "./rows"
import { nextQuestion } from "./use-items"

type Words = Readonly<Record<string, string>>

/** What the server answers for the items of one run. */
function answerOf(words: Words): ItemsOfRun {
  const names = Object.keys(words)
  const numbers = names.every((each) => /^\d+$/.test(each))
  const order = names.toSorted((a, b) => a.localeCompare(b, "en", { numeric: true }))
  const stretches = order.map((name, place) => {
    const at = numbers ? Number(name) : place
    return [at, at + 1, words[name] ?? ""] as const
  })
  const count = numbers ? Math.max(-1, ...names.map(Number)) + 1 : names.length
  return { key: "", names: numbers ? null : order, count, stretches }
}

function itemsOf(runs: Readonly<Record<string, Words>>): StepItems {
  return new StepItems(new Map(Object.entries(runs).map(([run, words]) => [run, answerOf(words)])))
}

const words = fc.constantFrom("succeeded", "failed", "running", "skipped")
const named = fc.dictionary(fc.constantFrom("a", "b", "a.1", "a.10", "a.2", "3", "12"), words)

describe("the items of a step", () => {
  it("stand in each run as the server said, whatever names the runs have", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom("r1", "r2", "r3"), named), (runs) => {
        const items = itemsOf(runs)
        const known = new Set(Object.values(runs).flatMap((each) => Object.keys(each)))
        for (const [run, given] of Object.entries(runs))
          for (const name of known) {
            const row = items.rowOf(name)
            expect(items.nameOf(row)).toBe(name)
            expect(items.wordOf(run, row)).toBe(given[name] ?? null)
          }
      }),
    )
  })

  it("are ordered by number, level by level", () => {
    const items = itemsOf({ r: { "a.10": "failed", "a.2": "succeeded", "3": "failed" } })
    expect([0, 1, 2, 3, 4, 5].map((row) => items.nameOf(row))).toEqual(["3", "a.2", "a.10", "", "", ""])
  })

  it("of a run that was not read are not known, and of one that was have not begun", () => {
    const items = itemsOf({ r: { 0: "succeeded", 2: "failed" } })
    expect([0, 1, 2].map((row) => items.wordOf("r", row))).toEqual(["succeeded", null, "failed"])
    expect(items.wordOf("other", 0)).toBeUndefined()
    expect(items.rowOf("3")).toBe(-1)
  })

  it("with which something is are found in every run", () => {
    const items = itemsOf({
      r: { 0: "succeeded", 1: "skipped", 2: "failed", 3: "reused" },
      s: { 0: "running", 2: "succeeded" },
    })
    expect(items.notFine).toEqual([0, 2])
    expect(itemsOf({ r: { x: "succeeded", y: "failed" }, s: { 0: "failed" } }).notFine).toEqual([0, 2])
  })

  it("of ten thousand in a hundred runs are rows at once", () => {
    const answer = { key: "", names: null, count: 10_000, stretches: [[0, 10_000, "succeeded"]] } as const
    const runs = new Map(Array.from({ length: 100 }, (_, run) => [`r${run}`, answer]))
    const items = new StepItems(runs)
    const folders = rowsOf([{ task: "each", group: "", mapped: true }], new Set())
    const rows = withItems(folders, new Map([["each", items]]), false, false)
    expect(rows).toHaveLength(10_001)
    expect(rows.at(-1)?.id).toBe("each[9999]")
    expect(items.wordOf("r99", 9999)).toBe("succeeded")
  })
})

describe("a mapped step", () => {
  const steps = [
    { task: "before", group: "", mapped: false },
    { task: "each", group: "", mapped: true },
    { task: "after", group: "", mapped: false },
  ]
  const folders = rowsOf(steps, new Set())
  const items = itemsOf({ r: { 0: "succeeded", 1: "failed" } })
  const open = new Map([["each", items]])
  const names = (only: boolean) => withItems(folders, open, only, false).map((row) => row.id)

  it("folds, and unfolds to a row for each item", () => {
    expect(folders.map((row) => [isFolder(row), row.folded])).toEqual([
      [false, false],
      [true, true],
      [false, false],
    ])
    expect(withItems(folders, new Map(), false, false)).toBe(folders)
    expect(names(false)).toEqual(["before", "each", "each[0]", "each[1]", "after"])
    expect(names(true)).toEqual(["before", "each", "each[1]", "after"])
  })

  it("says in a row why there is none", () => {
    const none = new Map([["each", new StepItems(new Map())]])
    expect(withItems(folders, none, false, true)[2]).toMatchObject({ kind: "note", name: "is being read …" })
    expect(withItems(folders, none, false, false)[2]).toMatchObject({ kind: "note", name: "has no items" })
    const fine = new Map([["each", itemsOf({ r: { 0: "succeeded" } })]])
    expect(withItems(folders, fine, true, false)[2]).toMatchObject({ name: "all of them are fine" })
  })

  it("has a cell for each of its items in each run", () => {
    const run = {
      run: { id: "r" },
      cells: { each: { counts: {}, attempts: 1, seconds: 1 } },
    } as unknown as Run
    const row = rowCalled("each[1]", withItems(folders, open, false, false), open)
    expect(row && cellAt(run, row)).toMatchObject({ state: "failed", total: 1, seconds: null })
    expect(rowCalled("each[1]", folders, new Map())).toMatchObject({ kind: "item", item: { name: "1" } })
    expect(rowCalled("no", folders, open)).toBeNull()
  })
})

describe("what is asked next", () => {
  const run = (id: string, count: number) =>
    ({
      run: { id },
      cells: { each: { counts: { succeeded: count }, attempts: 1, seconds: 1 } },
    }) as unknown as Run

  it("is the newest runs in view that are not known as they are now", () => {
    const seen = [run("old", 3), run("new", 3)]
    const first = nextQuestion(["each"], seen, new Map())
    expect([...(first?.keys.keys() ?? [])]).toEqual(["new", "old"])
    const answer = {
      step: "each",
      count: 3,
      names: null,
      runs: [{ run: "new", stretches: [[0, 3, "succeeded"]] }],
    }
    const kept = new Map([["each", new Map(answered(answer as never, first?.keys ?? new Map()))]])
    expect([...(nextQuestion(["each"], seen, kept)?.keys.keys() ?? [])]).toEqual(["old"])
    const moved = [run("old", 3), run("new", 4)]
    expect([...(nextQuestion(["each"], moved, kept)?.keys.keys() ?? [])]).toEqual(["new", "old"])
    expect(nextQuestion(["each"], [], kept)).toBeNull()
    expect(nextQuestion([], seen, new Map())).toBeNull()
  })

  it("is no more than an answer holds, but always something", () => {
    const seen = [run("a", 50_000), run("b", 50_000), run("c", 500_000)]
    expect([...(nextQuestion(["each"], seen, new Map())?.keys.keys() ?? [])]).toEqual(["c"])
    expect([...(nextQuestion(["each"], seen.slice(0, 2), new Map())?.keys.keys() ?? [])]).toEqual(["b"])
  })
})
