import { describe, expect, it } from "vitest"
import { offered, partitionedBy, soughtIn } from "./partitioned"

const DAYS = ["2024-01-03", "2024-01-02", "2024-01-01"]

describe("what completes a text of partitions", () => {
  it("is a key that has what is written in it, the first ones of those given", () => {
    expect(offered("", DAYS, 2)).toEqual(["2024-01-03", "2024-01-02"])
    expect(offered("01-02", DAYS)).toEqual(["2024-01-02"])
    expect(offered("2024-01-02", DAYS)).toEqual([])
    expect(offered("2024-01-03", [...DAYS, ...DAYS])).toEqual([])
    expect(offered("-03", [...DAYS, ...DAYS])).toEqual(["2024-01-03"])
  })

  it("is within a list or a range the key that is written last", () => {
    expect(offered("2024-01-01..", DAYS)).toEqual([
      "2024-01-01..2024-01-03",
      "2024-01-01..2024-01-02",
      "2024-01-01..2024-01-01",
    ])
    expect(offered("2024-01-01, 2024-01-03, -02", DAYS)).toEqual(["2024-01-01, 2024-01-03, 2024-01-02"])
    expect(offered("east|2024..x", ["west|2024"])).toEqual([])
    expect(["2024", "a..b", "a, b", "a,", "*"].map(soughtIn)).toEqual(["2024", "b", "b", "", "*"])
  })
})

describe("the partitions of several assets", () => {
  it("are those that most of them have first, each told by its last asset", () => {
    const asset = (key: string, partitions: string | null, kind = "asset") => ({ key, kind, partitions })
    const assets = [
      asset("raw", "days", "external"),
      asset("a", "days"),
      asset("m", "months"),
      asset("b", "days"),
      asset("whole", null),
    ]
    expect(partitionedBy(assets)).toEqual([
      { asset: "b", definition: "days", count: 2 },
      { asset: "m", definition: "months", count: 1 },
    ])
    expect(partitionedBy([asset("whole", null)])).toEqual([])
  })
})
