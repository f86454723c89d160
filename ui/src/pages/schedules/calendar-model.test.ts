import { describe, expect, it } from "vitest"
import { cellsOf, dayOf, daysOf, shifted, titleOf } from "./calendar-model"
import type { Mark } from "./timeline-model"

const mark = (automation: string, time: string, state = "succeeded"): Mark => ({
  automation,
  at: Date.parse(time),
  state,
  says: state,
  future: false,
  run: null,
  count: 1,
})

describe("the days that are shown", () => {
  it("of a month are whole weeks from Monday", () => {
    const days = daysOf("month", "2026-11-20")
    expect([days[0], days.at(-1), days.length]).toEqual(["2026-10-26", "2026-12-06", 42])
    expect(daysOf("month", "2027-02-10")).toHaveLength(28)
    expect(daysOf("week", "2026-11-20")[0]).toBe("2026-11-16")
  })

  it("go on from the first of the month, whatever its length", () => {
    expect(shifted("month", "2026-01-31", 1)).toBe("2026-02-01")
    expect(shifted("week", "2026-12-30", 1)).toBe("2027-01-06")
    expect(titleOf("week", "2026-11-20")).toBe("Week of 16 November 2026")
  })
})

describe("what falls on a day", () => {
  const marks = [
    mark("often", "2026-11-20T23:30Z"),
    mark("often", "2026-11-20T23:45Z", "failed"),
    mark("once", "2026-11-20T23:50Z"),
  ]

  it("is that of the zone, the seldom first, each with the worst of its states", () => {
    expect(dayOf(Date.parse("2026-11-20T23:30Z"), "Europe/Vienna")).toBe("2026-11-21")
    const [cell] = cellsOf(marks, ["2026-11-21"], "week", "Europe/Vienna")
    expect(cell?.total).toBe(3)
    expect(cell?.lines.map((each) => [each.automation, each.state, each.times])).toEqual([
      ["once", "succeeded", "00:50"],
      ["often", "failed", "2×"],
    ])
  })

  it("is by hour of one day", () => {
    const cells = cellsOf(marks, ["2026-11-20"], "day", "UTC")
    expect([cells.length, cells[23]?.title, cells[23]?.total]).toEqual([24, "23:00", 3])
  })
})
