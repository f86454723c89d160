import { describe, expect, it } from "vitest"
import { scheduleWords } from "./cron-words"

describe("a schedule in words", () => {
  it.each([
    ["@daily", "daily at 00:00"],
    ["0 6 * * 1-5", "06:00, Monday to Friday"],
    ["30 6,18 * * *", "daily at 06:30 and 18:30"],
    ["*/5 * * * *", "every 5 min"],
    ["0 * * * *", "hourly"],
    ["15 * * * *", "hourly at :15"],
    ["0 */4 * * *", "every 4 h"],
    ["0 0 1 * *", "00:00, on the 1st"],
    ["0 0 1 1,4,7,10 *", "00:00, on the 1st of January, April, July and October"],
    ["0 9 * * mon,wed,fri", "09:00, Mon, Wed and Fri"],
    ["0 0 2 * 0", "00:00, on the 2nd and on Sunday"],
    ["0 0 22 * 7", "00:00, on the 22nd and on Sunday"],
  ])("%s is %s", (cron, words) => {
    expect(scheduleWords(cron)).toBe(words)
  })

  it("stays as it is written where it has no short words", () => {
    for (const text of ["7/3 1-4 * * *", "raw_trades and fx", "every 90s", "H H * * *", "0 0 * * 1#2"])
      expect(scheduleWords(text)).toBe(text)
  })
})
