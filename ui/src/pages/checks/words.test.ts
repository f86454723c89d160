import { describe, expect, it } from "vitest"
import type { Operation } from "@/parts/use-operations"
import { failingWords, outcomeWords, weightOf } from "./words"

const ended = (answer: unknown, change: Partial<Operation> = {}) =>
  ({ state: "finished", outcome: "succeeded", problem: null, waits_for: "", answer, ...change }) as Operation

describe("checks in words", () => {
  it("counts partitions, and says pass or fail where there are none", () => {
    const last = { partition: null, passed: true, at: "", run: null, description: "" }
    expect(failingWords({ results: 0, failed: 0, last: null })).toBe("not run yet")
    expect(failingWords({ results: 1, failed: 0, last })).toBe("passes")
    expect(failingWords({ results: 1, failed: 1, last })).toBe("fails")
    expect(failingWords({ results: 1, failed: 1, last: { ...last, partition: "2024-01-01" } })).toBe("1 of 1")
    expect(failingWords({ results: 12_000, failed: 0, last })).toBe("none of 12,000")
  })

  it("names what a failure does", () => {
    expect(weightOf({ blocking: true, severity: "warn" })).toBe("blocks")
    expect(weightOf({ blocking: false, severity: "warn" })).toBe("warns")
    expect(weightOf({ blocking: false, severity: "error" })).toBe("reports")
  })

  it("adds up what several locations found", () => {
    const both = [
      ended({ checks: 4, passed: 4, published: 1 }),
      ended({ checks: 2, passed: 1, published: 0 }),
    ]
    expect(outcomeWords(both)).toEqual({ state: "failed", text: "5 of 6 passed, a version became current" })
  })

  it("says what it waits for, and why it could not be", () => {
    expect(outcomeWords([ended(null, { state: "waiting", waits_for: "a worker of main" })])?.text).toBe(
      "waits for a worker of main",
    )
    const problem = { code: "lost", message: "The worker died.", remedy: "Ask again." }
    expect(outcomeWords([ended(null, { problem })])).toEqual({
      state: "failed",
      text: "The worker died. Ask again.",
    })
    expect(outcomeWords([])).toBeNull()
  })
})
