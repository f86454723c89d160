/** Every screen is true without a reload, within a second of the change. */
import type { Page } from "playwright-core"
import { afterAll, beforeAll, expect, test } from "vitest"
import { settled } from "../browser"
import { startFront } from "../servers/front"
import { startTrading } from "../servers/trading"
import type { Server } from "../servers/weft"
import { windows } from "../windows"

const open = windows()
let server: Server
beforeAll(async () => {
  server = await startTrading()
})
afterAll(() => server?.stop())

/** Change something by the API, as somebody else would, and measure until the page shows it. */
async function shows(
  page: Page,
  change: () => Promise<unknown>,
  seen: () => Promise<unknown>,
): Promise<number> {
  const loaded = await page.evaluate(() => performance.timeOrigin)
  await change()
  const begun = performance.now()
  await seen()
  const took = performance.now() - begun
  expect(await page.evaluate(() => performance.timeOrigin), "the page was not loaded anew").toBe(loaded)
  return took
}

test("what is done elsewhere is soon on the screen, on each page, without a reload", async () => {
  const { page } = await open.visit(server)
  const at = async (path: string) => {
    await page.goto(new URL(path, server.url).href)
    await settled(page)
  }
  const took: Record<string, number> = {}

  await at("runs")
  const before = await page.getByRole("row").count()
  took.runs = await shows(
    page,
    () => server.call("POST", "/pipelines/vendor_watch/runs", {}),
    () => page.waitForFunction((rows) => document.querySelectorAll("main [role=row]").length > rows, before),
  )

  await at("queue")
  took.pools = await shows(
    page,
    () => server.call("PUT", "/pools/vendor", { slots: 7 }),
    () => page.getByText(/\b7\b/).first().waitFor(),
  )

  await at("schedules")
  took.schedules = await shows(
    page,
    () => server.call("POST", "/automations/schedule:vendor_watch/pause", { reason: "the vendor is moved" }),
    () =>
      page
        .getByText(/paused/i)
        .first()
        .waitFor(),
  )

  await at("?")
  took.now = await shows(
    page,
    async () => {
      await server.call("POST", "/pipelines/publish_brief/runs", {})
      // a process has to start before the flow asks: it is counted from the moment at which the server knows
      const people = async () => (await server.call<{ people: unknown[] }>("GET", "/now")).people.length
      await expect.poll(people, { timeout: 30_000, interval: 20 }).toBeGreaterThan(0)
    },
    () => page.getByText("May stocks-of-2012 go out?").first().waitFor(),
  )
  // the bench holds the second that it may take; here it is told from what only a look now and then would show
  const slow = Object.entries(took).filter(([, each]) => each > 10_000)
  expect(slow, JSON.stringify(took)).toEqual([])
})

test("two tabs of a browser share one stream, and both are live", async () => {
  const first = await open.visit(server)
  await first.page.goto(new URL("runs", server.url).href)
  await settled(first.page)
  const second = await first.context.newPage()
  const streams: string[] = []
  second.on("request", (request) => {
    if (request.url().includes("/api/v1/changes")) streams.push(request.url())
  })
  await second.goto(new URL("runs", server.url).href)
  await settled(second)
  const before = await second.getByRole("row").count()
  await server.call("POST", "/pipelines/vendor_watch/runs", {})
  for (const page of [first.page, second])
    await page.waitForFunction((rows) => document.querySelectorAll("main [role=row]").length > rows, before)
  expect(streams, "the second tab listens to the first").toEqual([])
})

test("a server that is away is said to be away, and the page goes on when it is back", async () => {
  const front = await startFront(server.url, "", false)
  const port = Number(new URL(front.url).port)
  const { page } = await open.visit({ ...server, url: front.url, link: throughFront(front.url) })
  await page.goto(`${front.url}runs`)
  await settled(page)
  const rows = await page.getByRole("row").count()
  await front.stop()
  const standing = page.getByRole("status")
  await standing.filter({ hasText: "Live" }).waitFor({ state: "detached" })
  expect(await page.getByRole("row").count(), "the last truth stays").toBe(rows)
  await server.call("POST", "/pipelines/vendor_watch/runs", {})
  const back = await startFront(server.url, "", false, port)
  await standing.filter({ hasText: "Live" }).waitFor()
  await page.waitForFunction((before) => document.querySelectorAll("main [role=row]").length > before, rows)
  await back.stop()
})

/** A link that logs in through a proxy in front of the server. */
function throughFront(url: string): () => Promise<string> {
  return async () => (await server.link()).replace(server.url, url)
}
