import { expect, test } from "vitest"
import { absolute, relative, short } from "./clock"

test("what is no time is said to be none, and breaks no page", () => {
  const none = new Date("2026-13-45T99:99")
  const now = new Date("2026-03-01T12:00:00Z")
  for (const each of [absolute(none, "UTC"), short(none, "UTC", now), relative(none, now, "UTC")])
    expect(each).toBe("no time")
})
