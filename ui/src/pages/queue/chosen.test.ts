import { describe, expect, it } from "vitest"
import type { Schema } from "@/api/client"
import { fits, forEach } from "./chosen"

const row = {
  run: "ab12",
  pipeline: "nightly",
  partition: "2024-01-05",
  pool: "heavy",
  by: "ana",
  reasons: [{ text: "The work pool heavy is paused." }],
} as unknown as Schema["QueuedView"]

describe("runs that wait", () => {
  it("are found by any of their words", () => {
    expect(fits(row, "NIGHTLY paused")).toBe(true)
    expect(fits(row, "")).toBe(true)
    expect(fits(row, "nightly hourly")).toBe(false)
  })

  it("are each acted upon, whatever is refused, and never too many at once", async () => {
    let under = 0
    let most = 0
    const seen: string[] = []
    const told = await forEach(
      ["a", "b", "c", "d", "e"],
      async (run) => {
        under += 1
        most = Math.max(most, under)
        await Promise.resolve()
        under -= 1
        if (run === "b" || run === "d") throw new Error(`${run} has begun`)
        seen.push(run)
      },
      2,
    )
    expect(seen.sort()).toEqual(["a", "c", "e"])
    expect(told).toMatchObject({ done: 3, refused: 2 })
    expect((told.first as Error).message).toBe("b has begun")
    expect(most).toBe(2)
  })
})
