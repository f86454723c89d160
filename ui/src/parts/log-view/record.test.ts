import { describe, expect, it } from "vitest"
import { wantedLive } from "./reading"
import { levels, moved, readRecord, shiftOf } from "./record"

describe("readRecord", () => {
  it("takes a record apart and leaves other lines", () => {
    expect(readRecord("22:27:09.937 ERROR market.feed: row 3: no price")).toEqual({
      time: "22:27:09.937",
      level: "ERROR",
      logger: "market.feed",
      message: "row 3: no price",
    })
    expect(readRecord("Traceback (most recent call last):")).toBeNull()
  })
})

describe("the level of a line", () => {
  const lines = [
    "printed first",
    "22:00:00.000 WARNING feed: slow",
    "  the second line of its message",
    "",
    "row 1 printed",
    "  indented print",
    "22:00:02.000 ERROR feed: no price",
    "Traceback (most recent call last):",
    "pydantic.ValidationError: 1 error",
    "field",
    "22:00:03.000 DEBUG feed: detail",
  ]

  it("is that of the record that it belongs to; what is printed counts as info", () => {
    const levelOf = levels()
    expect(lines.map((each) => levelOf(each)[0]).join("")).toBe("IWWWIIEEEED")
  })

  it("decides what of a live log is shown", () => {
    const kept = (level: string, find = "") => {
      const wanted = wantedLive(level, find)
      return lines.flatMap((each, at) => (wanted === null || wanted(each) ? [at] : []))
    }
    expect(kept("")).toHaveLength(lines.length)
    expect(kept("WARNING")).toEqual([1, 2, 3, 6, 7, 8, 9])
    expect(kept("INFO")).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    expect(kept("ERROR", "FIELD")).toEqual([9])
  })
})

describe("times in a zone", () => {
  const began = new Date("2026-07-20T22:27:08Z")

  it("finds the zone of the machine by its first record", () => {
    // written in Vienna (UTC+2), read in UTC, in Vienna and in Kolkata (UTC+5:30)
    const shift = (zone: string) => shiftOf("00:27:11.000", began, zone)
    expect(moved("00:27:11.000", shift("UTC"))).toBe("22:27:11.000")
    expect(moved("00:27:11.000", shift("Europe/Vienna"))).toBe("00:27:11.000")
    expect(moved("00:27:11.000", shift("Asia/Kolkata"))).toBe("03:57:11.000")
  })

  it("takes a late first record for no other zone", () => {
    expect(shiftOf("22:38:00.000", began, "UTC")).toBe(0)
  })
})
