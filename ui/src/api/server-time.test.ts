import { afterEach, expect, test, vi } from "vitest"
import { relative } from "@/parts/clock"
import { learnTime, serverNow } from "./server-time"

afterEach(() => {
  vi.useRealTimers()
  learnTime(new Date().toUTCString())
})

test("a browser whose clock is an hour late counts from the server's time", () => {
  vi.useFakeTimers({ now: Date.parse("2026-03-01T11:00:00Z") })
  learnTime("Sun, 01 Mar 2026 12:00:00 GMT")
  const minuteAgo = new Date("2026-03-01T11:59:00Z")
  expect(relative(minuteAgo, new Date(serverNow()), "UTC")).toBe("1 min ago")
})

test("differences of seconds, and answers without a time, change nothing", () => {
  vi.useFakeTimers({ now: Date.parse("2026-03-01T12:00:01.900Z") })
  learnTime("Sun, 01 Mar 2026 12:00:00 GMT")
  learnTime(null)
  learnTime("soon")
  expect(serverNow()).toBe(Date.now())
})
