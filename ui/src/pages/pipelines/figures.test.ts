import { describe, expect, it } from "vitest"
import { barsOf, figuresOf, median, type RunInShort } from "./figures"

const run = (seconds: number | null, outcome: string | null, phase = "finished"): RunInShort => ({
  id: `${seconds}${outcome}`,
  partition: null,
  phase,
  outcome,
  trigger: "manual",
  created_at: null,
  seconds,
})

describe("figures of the last runs", () => {
  it("count what has ended apart from what runs and waits", () => {
    const runs = [
      run(null, null, "running"),
      run(null, null, "queued"),
      run(4, "succeeded"),
      run(1, "failed"),
      run(2, "succeeded"),
    ]
    expect(figuresOf(runs)).toEqual({ ended: 3, succeeded: 2, running: 1, waiting: 1, median: 3 })
  })

  it("have no median without a success", () => {
    expect(figuresOf([run(3, "failed")]).median).toBeNull()
    expect(median([5])).toBe(5)
  })
})

describe("bars", () => {
  it("go from the oldest to the newest, and are never invisible", () => {
    const bars = barsOf(
      [run(0, "succeeded"), run(16, "failed"), run(4, "succeeded"), run(1, "succeeded")],
      3,
      20,
    )
    expect(bars.map((each) => each.height)).toEqual([12, 20, 4])
    expect(bars[1]?.run.outcome).toBe("failed")
  })

  it("are all low where nothing has a duration", () => {
    expect(barsOf([run(null, null, "running")], 20, 20)[0]?.height).toBe(4)
  })
})
