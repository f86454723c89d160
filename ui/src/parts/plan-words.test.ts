import { describe, expect, it } from "vitest"
import {
  about,
  amount,
  askOf,
  type Cause,
  chain,
  grouped,
  inShort,
  lift,
  nothing,
  type Outline,
  type Row,
  said,
  sameSteps,
  selected,
  telling,
} from "./plan-words"

describe("what was asked for", () => {
  it("is a name and a number where only keys are listed", () => {
    const keys = '\'key:"raw" or key:"clean" or key:total\''
    expect(said(`${keys} --partitions 'raw[d1..d3|IBM]; clean[d1]; total[]'`)).toBe(
      "raw and 2 more · d1..d3|IBM",
    )
    expect(said("+key:raw --partitions d1")).toBe("+raw · d1")
    expect(said("group:desk")).toBe("group:desk")
  })

  it("of a run may be a selection with blanks, that nothing quotes", () => {
    expect(selected("group:desk and status:stale")).toBe("group:desk and status:stale")
    expect(selected("+key:raw --partitions d1")).toBe("+raw · d1")
    expect(selected("key:raw or tag:new")).toBe("key:raw or tag:new")
  })
})

const cause = (given: Partial<Cause>): Cause => ({
  kind: "missing",
  subject: "raw",
  partition: null,
  run: null,
  at: null,
  detail: "",
  root: null,
  ...given,
})
const row = (name: string, causes: Cause[], given: Partial<Row> = {}): Row => ({
  mark: "~",
  name,
  partitions: "",
  head: "stale",
  causes,
  kind: "asset",
  outputs: [name],
  count: 1,
  estimate_seconds: 0,
  after: [],
  ...given,
})
const plan = (given: Partial<Outline>): Outline => ({
  rows: [],
  fresh: 0,
  count: 0,
  sure: 0,
  runs: 0,
  unsure_runs: 0,
  estimate_seconds: 0,
  held: 0,
  running: 0,
  everything: false,
  hints: [],
  ...given,
})
const failed = cause({
  kind: "failed",
  subject: "raw",
  partition: "d1",
  run: "r1",
  detail: "KeyError: 'price'",
})
const below = cause({ kind: "upstream", subject: "raw", detail: "will be made again", root: failed })

describe("rows of a plan", () => {
  it("are one group for each root cause, however far below it they are", () => {
    const groups = grouped([
      row("raw", [failed, cause({})]),
      row("clean", [cause({ kind: "upstream", subject: "clean", root: below })]),
      row("new", [cause({ subject: "new" })]),
      row("other", [cause({ kind: "data_changed", subject: "fx", run: "r2" })]),
    ])
    expect(groups.map((each) => each.rows.map(({ name }) => name))).toEqual([
      ["raw", "clean"],
      ["other"],
      ["new"],
    ])
    expect(groups[0]?.root).toBe(failed)
    expect(groups[2]?.title).toBe("Never made")
  })

  it("tell the most telling cause first, each once, and not that there is no data beside it", () => {
    expect(telling([cause({}), below, failed, failed])).toEqual([failed, below])
    expect(telling([cause({})])).toHaveLength(1)
    expect(chain(below)).toEqual([below, failed])
  })

  it("say what would lift what holds them back", () => {
    expect(lift(row("clean", [cause({ kind: "blocked", root: failed })], { mark: "x" }))).toContain(
      "raw is right",
    )
    expect(lift(row("clean", [], { mark: "+" }))).toBe("")
  })
})

describe("how much a plan runs", () => {
  it("says what runs only perhaps", () => {
    expect(amount(plan({ count: 4, sure: 1 }))).toBe("4 steps (3 only if inputs change)")
    expect(amount(plan({ count: 1, sure: 1 }))).toBe("1 step")
    expect(amount(plan({ count: 3, runs: 3 }))).toBe("3 runs")
    expect(amount(plan({ count: 5, sure: 2, runs: 3, unsure_runs: 3 }))).toBe(
      "2 steps and 3 runs (only if inputs change) of pipelines",
    )
  })

  it("tells a time only where there is one to tell", () => {
    expect(inShort(plan({ count: 5, sure: 5, estimate_seconds: 840 }))).toBe("5 steps · about 14 min")
    expect(inShort(plan({ count: 5, sure: 5, estimate_seconds: 0.001 }))).toBe("5 steps")
    expect(about(29)).toBe("about 29 s")
    expect(about(0.4)).toBe("about 1 s")
  })

  it("is calm where nothing is to do, and not where all is held back", () => {
    expect(nothing(plan({ fresh: 3, everything: true })).text).toBe("All assets are fresh: 3 partitions.")
    expect(nothing(plan({ held: 2 })).good).toBe(false)
  })
})

describe("the words of a request", () => {
  it("are read back as what was asked for", () => {
    expect(askOf("daily --partitions 2024-01-01..2024-01-31 --force")).toEqual({
      select: "daily",
      partitions: "2024-01-01..2024-01-31",
      exact: true,
    })
    expect(askOf("'+clean and not tag:x' --failed")).toEqual({
      select: "+clean and not tag:x",
      only_failed: true,
    })
    expect(askOf("nightly 2024-02-01..2024-12-31")).toEqual({
      select: "nightly",
      partitions: "2024-02-01..2024-12-31",
    })
    expect(askOf("")).toEqual({})
  })
})

describe("whether a plan has moved", () => {
  const row = (name: string, partitions: string, count: number) =>
    ({ name, partitions, count }) as Outline["rows"][number]
  const plan = (...rows: Outline["rows"]) => ({ rows }) as Outline

  it("is so where as many other steps would run", () => {
    expect(sameSteps(plan(row("a", "2024-01-01", 1)), plan(row("a", "2024-01-02", 1)))).toBe(false)
    expect(sameSteps(plan(row("a", "x", 1)), plan(row("b", "x", 1)))).toBe(false)
  })

  it("is not so where only the order or what does not run differs", () => {
    const one = plan(row("a", "x", 1), row("b", "y", 2))
    expect(sameSteps(one, plan(row("b", "y", 2), row("a", "x", 1), row("held", "z", 0)))).toBe(true)
  })
})
