import { afterEach, expect, test, vi } from "vitest"
import { askAhead, given } from "./ahead"

const URL = new globalThis.URL("/api/v1/lineage?select=a%20b&limit=3", location.href).href

afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

test("what was asked for ahead is given to the first who asks, and to no other", async () => {
  const ahead = vi.fn(async () => new Response("ahead"))
  vi.stubGlobal("fetch", ahead)
  const send = vi.fn(async () => new Response("sent"))
  askAhead("/api/v1/lineage", { select: "a b", limit: 3 })
  expect(await (await given(send)(new Request(URL, { method: "POST" }))).text()).toBe("sent")
  expect(await (await given(send)(new Request(`${URL}0`))).text()).toBe("sent")
  expect(await (await given(send)(new Request(URL))).text()).toBe("ahead")
  expect(await (await given(send)(new Request(URL))).text()).toBe("sent")
  expect(ahead).toHaveBeenCalledTimes(1)
})

test("an answer that is old, or never came, is given to nobody", async () => {
  vi.useFakeTimers()
  vi.stubGlobal("fetch", async () => new Response("ahead"))
  const send = vi.fn(async () => new Response("sent"))
  askAhead("/api/v1/lineage", { select: "a b", limit: 3 })
  await vi.advanceTimersByTimeAsync(3001)
  expect(await (await given(send)(new Request(URL))).text()).toBe("sent")
  vi.stubGlobal("fetch", () => Promise.reject(new TypeError("away")))
  askAhead("/api/v1/lineage", { select: "a b", limit: 3 })
  await vi.advanceTimersByTimeAsync(1)
  expect(await (await given(send)(new Request(URL))).text()).toBe("sent")
})
