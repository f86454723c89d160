import { describe, expect, it } from "vitest"
import { moved, readRecord, shiftOf } from "./record"

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
