/** A session that ends under an open page: nothing is lost, and nobody sees or does more than is right. */
import { afterAll, beforeAll, expect, test } from "vitest"
import { settled } from "../browser"
import { logIn } from "../log-in"
import { PASSWORD, startOffice } from "../servers/office"
import type { Server } from "../servers/weft"
import { windows } from "../windows"

const open = windows()
let server: Server
beforeAll(async () => {
  server = await startOffice()
  for (const [name, role] of [
    ["anna", "admin"],
    ["olaf", "operator"],
    ["emma", "editor"],
    ["vera", "viewer"],
    ["gone", "viewer"],
  ])
    await server.call("POST", "/accounts", { name, role, password: PASSWORD })
})
afterAll(() => server?.stop())

async function inside(name: string, path: string) {
  const { page } = await open.stranger()
  await page.goto(new URL(path, server.url).href)
  await logIn(page, name, PASSWORD)
  return page
}

/** Ends all sessions of an account, as a change of its password does. */
const end = (name: string) => server.call("PATCH", `/accounts/${name}`, { password: PASSWORD })

test("who is logged out goes on where they were, with what they had typed", async () => {
  const page = await inside("emma", "connections?edit=%2B")
  const dialog = page.getByRole("dialog", { name: "New connection" })
  await dialog.getByLabel("Name").fill("half-typed")
  const before = page.url()
  await end("emma")
  await page.getByRole("heading", { name: "Log in again" }).waitFor()
  expect(await page.locator("[data-shut]").getByLabel("Name").inputValue()).toBe("emma")
  // keys of the page do nothing meanwhile
  await page.keyboard.press("Escape")
  await logIn(page, "emma", PASSWORD)
  expect(page.url()).toBe(before)
  expect(await dialog.getByLabel("Name").inputValue()).toBe("half-typed")
  await dialog.getByLabel(/^URI/).fill("http://office.test")
  await dialog.getByRole("button", { name: "Keep" }).click()
  await dialog.waitFor({ state: "detached" })
  await page.getByText("half-typed").waitFor()
})

test("who has another role by then may no more than that, without a reload", async () => {
  const page = await inside("olaf", "pipelines/nightly?tab=runs")
  const launch = page.getByRole("button", { name: /^Run\b/ }).first()
  await expect.poll(() => launch.isEnabled()).toBe(true)
  await server.call("PATCH", "/accounts/olaf", { role: "viewer" })
  await page.getByRole("heading", { name: "Log in again" }).waitFor()
  await logIn(page, "olaf", PASSWORD)
  expect(new URL(page.url()).pathname + new URL(page.url()).search).toBe("/pipelines/nightly?tab=runs")
  await expect.poll(async () => (await launch.count()) === 0 || !(await launch.isEnabled())).toBe(true)
})

test("somebody else who logs in finds the page anew, under the same address", async () => {
  const page = await inside("anna", "settings?tab=users")
  await page.getByRole("button", { name: "New account" }).click()
  await page.getByRole("dialog", { name: "New account" }).getByLabel("Name").fill("secret-plan")
  await end("anna")
  await page.getByRole("heading", { name: "Log in again" }).waitFor()
  await logIn(page, "vera", PASSWORD)
  expect(page.url()).toContain("settings?tab=users")
  expect(await page.getByRole("dialog").count()).toBe(0)
  expect(await page.getByText("olaf").count()).toBe(0)
  await page.getByRole("button", { name: "Log out vera" }).waitFor()
})

test("an account that is gone is not let in again", async () => {
  const page = await inside("gone", "runs")
  await server.call("DELETE", "/accounts/gone")
  await page.getByRole("heading", { name: "Log in again" }).waitFor()
  await page.locator("input[type=password]").fill(PASSWORD)
  await page.keyboard.press("Enter")
  await page.getByRole("alert").waitFor()
  expect(await page.getByRole("heading", { name: "Log in again" }).isVisible()).toBe(true)
})

test("a tab that was shut opens when another one logs in", async () => {
  const page = await inside("vera", "assets")
  await end("vera")
  await page.getByRole("heading", { name: "Log in again" }).waitFor()
  const second = await page.context().newPage()
  await second.goto(new URL("runs", server.url).href)
  await logIn(second, "vera", PASSWORD)
  await page.bringToFront()
  await page.evaluate(() => window.dispatchEvent(new Event("focus")))
  await page.getByRole("heading", { name: "Log in again" }).waitFor({ state: "detached" })
  await settled(page)
  expect(page.url()).toContain("assets")
})
