import { describe, expect, it } from "vitest"
import { asked, grouped, matching, type Row, recent, remember, rowsOf, still } from "./palette-rows"

const nothing = () => undefined

describe("the palette", () => {
  it("reads the letter that restricts what is looked for", () => {
    expect(asked("@raw")).toEqual({ scope: "assets", text: "raw" })
    expect(asked("> theme ")).toEqual({ scope: "commands", text: "theme" })
    expect(asked("raw")).toEqual({ scope: "all", text: "raw" })
  })

  it("finds commands by all of their words, beginnings first", () => {
    const commands = [
      { id: "a", title: "Show all keys", group: "General", run: nothing },
      { id: "b", title: "Runs", group: "Go to", keys: "g r", run: nothing },
      { id: "c", title: "Cancel all runs", group: "Runs", run: nothing },
    ]
    expect(matching(commands, "runs").map((row) => row.id)).toEqual(["b", "c"])
    expect(matching(commands, "all runs").map((row) => row.id)).toEqual(["c"])
    expect(matching(commands, "nothing")).toEqual([])
  })

  it("leads to the line of a failure's log", () => {
    const [row] = rowsOf([
      {
        id: "failure:1",
        kind: "failure",
        name: "ValueError: n/a",
        detail: "raw",
        score: 1,
        run: "abc",
        step: "raw",
        partition: "2012-10-26|IBM",
        log: "L1",
        line: 42,
      },
    ])
    expect(row?.path).toBe("/runs/abc?tab=logs&step=raw&partition=2012-10-26%7CIBM&log=L1&line=42")
    expect(row?.state).toBe("failed")
  })

  it("has a failure that came again once, by its last", () => {
    const failure = (id: string, run: string) => ({
      id,
      kind: "failure",
      name: "RuntimeError: refused",
      detail: "rates: fetch",
      score: 1,
      run,
      step: null,
      partition: null,
      log: null,
      line: null,
    })
    const rows = rowsOf([failure("1", "new"), failure("2", "old"), { ...failure("3", "x"), detail: "other" }])
    expect(rows.map((row) => [row.path, row.note])).toEqual([
      ["/runs/new?tab=logs", "rates: fetch, the last of 2"],
      ["/runs/x?tab=logs", "other"],
    ])
  })

  it("shows of an answer to other words what fits by now", () => {
    const row = (title: string): Row => ({ id: title, title, note: "sales", group: "Assets" })
    expect(still([row("orders"), row("odds")], "ord SALES").map((each) => each.title)).toEqual(["orders"])
  })

  it("groups in the order of the nearest, and leaves out what has no page", () => {
    const row = (id: string, group: string): Row => ({ id, title: id, note: "", group })
    expect(grouped([row("1", "Runs"), row("2", "Assets"), row("3", "Runs")]).map(([group]) => group)).toEqual(
      ["Runs", "Assets"],
    )
  })

  it("keeps what was opened, the newest first, each once", () => {
    localStorage.clear()
    const row = (path: string): Row => ({ id: path, title: path, note: "", group: "", path })
    for (const path of ["/a", "/b", "/a"]) remember(row(path))
    expect(recent().map((each) => each.path)).toEqual(["/a", "/b"])
    localStorage.setItem("weft-recent", "{broken")
    expect(recent()).toEqual([])
  })
})
