import { describe, expect, it } from "vitest"
import { inOrder, targetsOf } from "./targets"

describe("what a backfill can be of", () => {
  it("is what has partitions, and a pipeline before an asset of its name", () => {
    const found = targetsOf(
      [{ key: "raw", partitions: "daily" }, { key: "total" }, { key: "nightly", partitions: "daily" }],
      [
        { name: "nightly", partitions: "cron" },
        { name: "once", partitions: null },
      ],
    )
    expect(found.choices).toEqual([
      { group: "Pipelines", items: ["nightly"] },
      { group: "Assets", items: ["raw"] },
    ])
    expect(found.kinds.get("nightly")).toBe("pipeline")
  })

  it("is also what was searched for and is not among the first", () => {
    const found = targetsOf(
      [{ key: "raw", partitions: "daily" }, { key: "total" }],
      [],
      [
        { kind: "asset", name: "total" },
        { kind: "asset", name: "far" },
        { kind: "run", name: "r1" },
      ],
    )
    expect([...found.kinds]).toEqual([
      ["raw", "asset"],
      ["far", "asset"],
    ])
  })

  it("tells the order in which it runs", () => {
    expect(inOrder(["d", "c", "b", "a"])).toBe("Runs d, c, … a")
    expect(inOrder(["a", "b"])).toBe("Runs a, b")
    expect(inOrder([])).toContain("Nothing to run")
  })
})
