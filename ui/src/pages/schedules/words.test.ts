import { describe, expect, it } from "vitest"
import { cronInWords, decisionOf, nameOf, when } from "./words"

describe("cron text", () => {
  it.each([
    ["*/5 * * * *", "every 5 minutes"],
    ["* * * * *", "every minute"],
    ["0 * * * *", "hourly at :00"],
    ["30 18 * * 1-5", "on weekdays at 18:30"],
    ["0 2 * * *", "daily at 02:00"],
    ["@daily", "daily at 00:00"],
    ["15 9 * * 1", "on Mondays at 09:15"],
    ["0 0 1 * *", "on day 1 of the month at 00:00"],
    ["0 */6 * * *", "every 6 hours at :00"],
  ])("%s is said as %s", (text, said) => expect(cronInWords(text)).toBe(said))

  it.each(["0 2 1-7 * 1", "5,35 * * 1 *", "0 0 * 12 *", "orders & prices", "5-20 3 * * *"])(
    "%s is left as it is",
    (text) => expect(cronInWords(text)).toBeNull(),
  )

  it("is shown as it is where there are no words for it", () => {
    expect(when("RRULE:FREQ=MONTHLY;BYDAY=-1FR")).toBe("FREQ=MONTHLY;BYDAY=-1FR")
  })
})

describe("what was decided", () => {
  it("has a state for each word, and one where nothing was yet", () => {
    expect(decisionOf("missed").state).toBe("late")
    expect(decisionOf("").word).toBe("nothing yet")
  })

  it("is found under the name of the schedule, and under the id of the others", () => {
    expect(nameOf({ id: "schedule:nightly", kind: "schedule", name: "nightly" })).toBe("nightly")
    expect(nameOf({ id: "sensor:new", kind: "sensor", name: "new" })).toBe("sensor:new")
  })
})
