/** What fills a selection of partitions stands under Backfills, wherever it was asked for, and is steered from there. */
import { afterAll, beforeAll, expect, test } from "vitest"
import { violations } from "../axe"
import { settled } from "../browser"
import { BAD, GOOD, startTrading, taken } from "../servers/trading"
import type { Server } from "../servers/weft"
import { windows } from "../windows"

const open = windows()
let server: Server
beforeAll(async () => {
  server = await startTrading()
})
afterAll(() => server?.stop())

const PATIENCE = 120_000
const at = (path: string) => new URL(path, server.url).href

interface Execution {
  readonly id: string
  readonly phase: string
  readonly outcome: string | null
  readonly total: number
}

const execution = (id: string) => server.call<Execution>("GET", `/executions/${id}`)
const ended = async (id: string) => (await execution(id)).outcome

test("three weeks that were selected on an asset's strip are found under Backfills, by partition and with their plan", async () => {
  const { page } = await open.visit(server)
  await page.goto(at("assets/weekly_moves?tab=partitions&partitions=2012-11-05..2012-11-19"))
  await settled(page)
  await page.getByText("3 partitions").first().waitFor()
  await page.getByRole("button", { name: "Materialize…" }).last().click()
  const dialog = page.getByRole("dialog")
  await dialog.getByRole("button", { name: /^Apply\b/ }).waitFor()
  await page.keyboard.press("Control+Enter")
  await dialog.getByRole("link", { name: "Backfills" }).click()
  await page.waitForURL(/\/backfills$/)
  const row = page.getByRole("row").filter({ hasText: "weekly_moves" }).first()
  await row.getByRole("img", { name: /weekly_moves: 3 succeeded/ }).waitFor({ timeout: PATIENCE })
  expect(await row.textContent()).toContain("3 of 3")
  await row.getByRole("link", { name: /^plan / }).click()
  await page.waitForURL(/\/plans\//)
  await page.getByText("Applied").first().waitFor()
  await page.getByRole("link", { name: /^execution / }).click()
  await page.waitForURL(/\/executions\//)
  const lines = page.getByRole("list", { name: "Partitions by line" })
  await lines.getByRole("img", { name: "weekly_moves: 3 succeeded" }).waitFor()
  expect(await lines.textContent()).toContain("2012-11-05")
})

test("what failed in a backfill is run again from the list, once it can be made", async () => {
  await taken(server, BAD)
  const asked = { select: "monthly_report", partitions: "2012-10" }
  const { id } = await server.call<Execution>("POST", "/executions", asked)
  await expect.poll(() => ended(id), { timeout: PATIENCE }).toBe("failed")
  await taken(server, GOOD)
  const { page } = await open.visit(server)
  await page.goto(at("backfills"))
  await settled(page)
  const row = page.getByRole("row").filter({ hasText: "monthly_report" }).first()
  await row.getByText(/\d+ failed/).waitFor()
  await row.getByRole("button", { name: /^Re-run \d/ }).click()
  await page.waitForURL((url) => /\/executions\/[0-9a-f]+$/.test(url.pathname) && !url.pathname.endsWith(id))
  const made = page.url().split("/").at(-1) ?? ""
  await expect.poll(() => ended(made), { timeout: PATIENCE }).toBe("succeeded")
  await page.getByText(/^All \d+ done$/).waitFor({ timeout: PATIENCE })
})

test("a backfill that waits is paused, goes on and is cancelled from the list", async () => {
  await server.call("POST", "/work-pools/default/pause")
  const { id } = await server.call<Execution>("POST", "/backfills", {
    name: "monthly_report_dag",
    partitions: "2012-01..2012-06",
    reprocess: "all",
    concurrency: 1,
  })
  const { page } = await open.visit(server)
  await page.goto(at("backfills?live=1"))
  await settled(page)
  const row = page.getByRole("row").filter({ hasText: "monthly_report_dag" }).first()
  await row.getByRole("img", { name: /6 not begun/ }).waitFor()
  await row.getByRole("button", { name: "Pause" }).click()
  await expect.poll(async () => (await execution(id)).phase, { timeout: PATIENCE }).toBe("suspended")
  await row.getByRole("button", { name: "Resume" }).click()
  await expect.poll(async () => (await execution(id)).phase, { timeout: PATIENCE }).toBe("running")
  await row.getByRole("button", { name: "Cancel" }).click()
  await expect.poll(() => ended(id), { timeout: PATIENCE }).toBe("cancelled")
  await page.getByText("No backfill goes on now.").waitFor({ timeout: PATIENCE })
  await server.call("POST", "/work-pools/default/resume")
})

test("of a saved plan that has drifted what still holds is applied", async () => {
  const asked = { select: "weekly_moves", partitions: "2012-11-05..2012-11-19", exact: true }
  const plan = await server.call<{ id: string }>("POST", "/plans", asked)
  const one = { ...asked, partitions: "2012-11-12" }
  const { id } = await server.call<Execution>("POST", "/executions", one)
  await expect.poll(() => ended(id), { timeout: PATIENCE }).toBe("succeeded")
  const { page } = await open.visit(server)
  await page.goto(at(`plans/${plan.id}`))
  await settled(page)
  const left = page.getByRole("table", { name: "What is left out" })
  await left.getByText(/it was changed meanwhile by run/).waitFor()
  await page.getByRole("button", { name: /^Apply what still holds: 2 steps/ }).click()
  await page.waitForURL(/\/executions\//)
  await page.getByText("Left out of the plan, since it did not hold any more:").waitFor()
  const made = page.url().split("/").at(-1) ?? ""
  await expect.poll(() => ended(made), { timeout: PATIENCE }).toBe("succeeded")
  expect((await execution(made)).total).toBe(2)
})

test("backfills and executions are legible in both themes, and fit on a small screen", async () => {
  const { page, complaints } = await open.visit(server, {
    colorScheme: "light",
    viewport: { width: 1280, height: 720 },
  })
  const { items } = await server.call<{ items: Execution[] }>("GET", "/executions?partitions=true")
  const failed = items.find((each) => each.outcome === "failed")
  for (const path of ["backfills", `executions/${failed?.id}`, `executions/${items[0]?.id}`]) {
    await page.goto(at(path))
    await settled(page)
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)
    expect([path, wide <= 0, await violations(page)]).toEqual([path, true, []])
  }
  expect(complaints).toEqual([])
})
