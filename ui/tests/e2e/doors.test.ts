/** Logging in, roles, and what one may not do. */
import { afterAll, beforeAll, expect, test } from "vitest"
import { settled } from "../browser"
import { startTrading } from "../servers/trading"
import type { Server } from "../servers/weft"
import { windows } from "../windows"

const open = windows()
const PASSWORD = "correct horse battery staple"
let server: Server
beforeAll(async () => {
  server = await startTrading()
  for (const [name, role] of [
    ["anna", "admin"],
    ["vera", "viewer"],
  ])
    await server.call("POST", "/accounts", { name, role, password: PASSWORD })
})
afterAll(() => server?.stop())

test("who is not logged in is asked to, and lands on the page that was asked for", async () => {
  const { page } = await open.stranger()
  await page.goto(new URL("runs?outcome=succeeded", server.url).href)
  await page.getByLabel("Name").fill("anna")
  await page.locator("input[type=password]").fill("wrong")
  await page.getByRole("button", { name: "Log in" }).click()
  await page.getByRole("alert").waitFor()
  await page.locator("input[type=password]").fill(PASSWORD)
  await page.keyboard.press("Enter")
  await page.getByRole("heading", { name: "Runs", level: 1 }).waitFor()
  expect(page.url()).toContain("runs?outcome=succeeded")
})

test("a one-time link logs in once, and leaves no secret in the address", async () => {
  const link = await server.link()
  const { page } = await open.stranger()
  await page.goto(link)
  await settled(page)
  expect(page.url()).not.toContain("token")
  const { page: second } = await open.stranger()
  await second.goto(link)
  await second.getByText(/used already/).waitFor()
  await second.getByRole("button", { name: "Log in" }).waitFor()
})

test("a viewer sees everything and can do nothing", async () => {
  const { page } = await open.stranger()
  await page.goto(server.url)
  await page.getByLabel("Name").fill("vera")
  await page.locator("input[type=password]").fill(PASSWORD)
  await page.keyboard.press("Enter")
  await settled(page)
  for (const path of [
    "",
    "runs",
    "assets/league_table",
    "pipelines/monthly_report_dag",
    "queue",
    "schedules",
  ]) {
    await page.goto(new URL(path, server.url).href)
    await settled(page)
    const doing = page.locator("main").getByRole("button", {
      name: /^(Run|Materialize|Apply|Repair|Refresh|Cancel|Pause|Resume|Rollback|Accept)\b/,
    })
    for (const each of await doing.all())
      if (await each.isVisible())
        expect(await each.isEnabled(), `${path}: ${await each.textContent()} is disabled`).toBe(false)
  }
})
