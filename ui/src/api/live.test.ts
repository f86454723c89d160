import { describe, expect, it } from "vitest"
import { touches } from "./live"

const key = (path: string, named?: Record<string, string>) => [
  "get",
  path,
  named ? { params: { path: named } } : undefined,
]

describe("whether an answer is asked for again", () => {
  it("is so for lists, whatever has changed", () => {
    expect(touches(key("/api/v1/runs"), { position: 1, runs: ["x"] })).toBe(true)
    expect(touches(key("/api/v1/now"), { position: 1 })).toBe(true)
  })

  it("is so for one run only where that run is told, or too many are", () => {
    const of = key("/api/v1/runs/{id}/steps", { id: "abc123" })
    expect(touches(of, { position: 1, runs: ["abc123"] })).toBe(true)
    expect(touches(key("/api/v1/runs/{id}", { id: "abc1" }), { position: 1, runs: ["abc123"] })).toBe(true)
    expect(touches(of, { position: 1, runs: ["other"] })).toBe(false)
    expect(touches(of, { position: 1, runs: null })).toBe(true)
  })

  it("is so for one asset where it or its definition may have changed", () => {
    const of = key("/api/v1/assets/{key}", { key: "raw" })
    expect(touches(of, { position: 1, assets: ["raw"] })).toBe(true)
    expect(touches(of, { position: 1, assets: ["other"] })).toBe(false)
    expect(touches(of, { position: 1, assets: [], kinds: ["definition"] })).toBe(true)
  })

  it("is never so for what can't change, and always after a loss", () => {
    expect(touches(key("/api/v1/me"), null)).toBe(false)
    expect(touches(key("/api/v1/runs/{id}", { id: "abc" }), null)).toBe(true)
    expect(touches(["something else"], null)).toBe(false)
  })
})
