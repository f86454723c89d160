import { describe, expect, it } from "vitest"
import type { Schema } from "@/api/client"
import { deliveries, matchesOf, matchWords, onWords, ruleWords, secondsWords } from "./words"

const entry = (kind: string, subject: string, text: string, position: number): Schema["EntryView"] => ({
  kind,
  subject,
  text,
  position,
  at: `2026-11-20T10:0${position}:00Z`,
  by: null,
  run: null,
})

describe("incidents in words", () => {
  it("says what a rule is on", () => {
    expect(onWords(["failure"])).toBe("failures")
    expect(onWords(["failure", "late", "stale"])).toBe("failures, what is late and what is stale")
    expect(onWords(["new_word"])).toBe("new word")
  })

  it("says which events a rule is on", () => {
    const events = { types: ["RunFinished", "AttemptFailed"], subject: null, outcome: "timed_out" }
    expect(ruleWords({ on: ["event"], events })).toBe("run finished or attempt failed: timed out")
    expect(ruleWords({ on: ["late"], events: null })).toBe("what is late")
  })

  it("says seconds as people do", () => {
    expect(secondsWords(0, "at once")).toBe("at once")
    expect(secondsWords(600, "")).toBe("10 min")
    expect(secondsWords(14_400, "")).toBe("4 h")
    expect(secondsWords(172_800, "")).toBe("2 d")
  })

  it("leaves out what matches nothing", () => {
    const rows = [
      { field: "root", pattern: " asset:a* " },
      { field: "tag", pattern: "  " },
    ]
    expect(matchesOf(rows)).toEqual({ root: "asset:a*" })
    expect(matchWords({ root: "asset:a*", severity: "error" })).toBe("root is asset:a* and severity is error")
  })

  it("keeps of each channel how often it was told, and what was wrong last", () => {
    const timeline = [
      entry("opened", "asset:a", "a failed", 1),
      entry("not notified", "ops", "opened: no answer", 2),
      entry("notified", "ops", "opened", 3),
      entry("not notified", "hook", "opened: refused. Given up.", 4),
    ]
    expect(deliveries(timeline)).toEqual([
      { channel: "ops", sent: 1, problem: "", at: "2026-11-20T10:03:00Z" },
      { channel: "hook", sent: 0, problem: "refused. Given up.", at: "2026-11-20T10:04:00Z" },
    ])
  })
})
