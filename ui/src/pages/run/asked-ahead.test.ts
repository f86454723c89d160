import { afterEach, beforeEach, describe, expect, it, vi } from "vitest"
import { given } from "@/api/ahead"
import { askRunAhead } from "./asked-ahead"

const asked: string[] = []

beforeEach(() => {
  asked.length = 0
  vi.stubGlobal("fetch", (url: string) => {
    const { pathname, search } = new URL(url)
    asked.push(`${pathname}${search}`)
    const logs = [
      { log: null, outcome: "succeeded" },
      { log: "12", outcome: "failed" },
      { log: "19", outcome: "succeeded" },
    ]
    const body = pathname.endsWith("/logs") ? { items: logs, next: null } : { phase: "finished" }
    return Promise.resolve(new Response(JSON.stringify(body)))
  })
})
afterEach(() => {
  vi.unstubAllGlobals()
  window.history.replaceState(null, "", "/")
})

async function askedAt(url: string): Promise<readonly string[]> {
  window.history.replaceState(null, "", url)
  await askRunAhead()
  return asked
}

describe("what a run's page asks for ahead", () => {
  it("is the run, and where its log is shown the log that will be", async () => {
    expect(await askedAt("/runs/abc?tab=logs&partition=2024-01-05")).toEqual([
      "/api/v1/runs/abc",
      "/api/v1/runs/abc/logs?limit=500&partition=2024-01-05",
      "/api/v1/runs/abc/logs/12/index",
    ])
  })

  it("is the run alone on other tabs, and nothing on other pages", async () => {
    expect(await askedAt("/runs/abd?tab=values")).toEqual(["/api/v1/runs/abd"])
    expect(await askedAt("/runs/compare?before=a")).toHaveLength(1)
    expect(await askedAt("/runs")).toHaveLength(1)
  })

  it("leaves the answers to the page", async () => {
    await askedAt("/runs/abe?tab=logs")
    const send = given(() => Promise.reject(new Error("asked again")))
    const answer = await send(new Request(new URL("/api/v1/runs/abe", window.location.href)))
    expect(await answer.json()).toEqual({ phase: "finished" })
  })
})
