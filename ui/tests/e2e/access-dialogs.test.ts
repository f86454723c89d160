/** Who may come in: tokens and accounts are made, changed and removed in the browser; the API says whether it holds. */
import { afterAll, beforeAll, expect, test } from "vitest"
import type { Schema } from "../../src/api/client"
import { settled } from "../browser"
import { PASSWORD, startOffice } from "../servers/office"
import type { Server } from "../servers/weft"
import { windows } from "../windows"

const open = windows()
let server: Server
beforeAll(async () => {
  server = await startOffice()
})
afterAll(() => server?.stop())

async function settings(tab: string) {
  const { page } = await open.visit(server)
  await page.goto(new URL(`settings?tab=${tab}`, server.url).href)
  await settled(page)
  return page
}

const me = async (token: string) =>
  fetch(new URL("api/v1/me", server.url), { headers: { authorization: `Bearer ${token}` } })

const account = async (name: string) =>
  (await server.call<Schema["AccountView"][]>("GET", "/accounts")).find((each) => each.name === name)

test("a token is made, lets in with its role, and is revoked", async () => {
  const page = await settings("tokens")
  await page.getByRole("button", { name: "New token" }).click()
  const dialog = page.getByRole("dialog", { name: "New token" })
  await dialog.getByLabel("Name").fill("nightly-ci")
  await dialog.getByLabel("Role").click()
  await page.getByRole("option", { name: /^viewer/ }).click()
  await dialog.getByLabel("Bounded to").click()
  await page.getByRole("option", { name: "session.read" }).click()
  await page.keyboard.press("Escape")
  await dialog.getByRole("button", { name: "Make" }).click()
  const shown = page.getByRole("dialog", { name: "Token nightly-ci" })
  const secret = ((await shown.getByText(/^weft_\S+$/).textContent()) ?? "").trim()
  const answer = await me(secret)
  expect(answer.status).toBe(200)
  expect(await answer.json()).toMatchObject({ role: "viewer", kind: "token", scopes: ["session.read"] })
  await page.keyboard.press("Escape")
  await shown.waitFor({ state: "detached" })
  expect(await page.getByText(secret).count()).toBe(0)
  await page.getByRole("button", { name: "Revoke nightly-ci" }).click()
  await page
    .getByRole("dialog", { name: "Revoke nightly-ci" })
    .getByRole("button", { name: "Revoke" })
    .click()
  await page.getByText("revoked", { exact: true }).waitFor()
  expect((await me(secret)).status).toBe(401)
})

test("an account is made, changed and removed; what is wrong is said in the dialog", async () => {
  const page = await settings("users")
  const make = async (name: string, password: string) => {
    await page.getByRole("button", { name: "New account" }).click()
    const dialog = page.getByRole("dialog", { name: "New account" })
    await dialog.getByLabel("Name").fill(name)
    await dialog.locator("input[autocomplete=new-password]").fill(password)
    await dialog.getByRole("button", { name: "Make" }).click()
    return dialog
  }
  const first = await make("boss", PASSWORD)
  await first.waitFor({ state: "detached" })
  expect((await account("boss"))?.role).toBe("operator")

  // with another password: the very same within a breath counts as a double click
  const again = await make("boss", `${PASSWORD} again`)
  await again
    .getByRole("alert")
    .getByText(/already/)
    .waitFor()
  expect(await again.getByLabel("Name").inputValue()).toBe("boss")
  await again.getByLabel("Name").fill("no spaces please")
  await again.getByRole("button", { name: "Make" }).click()
  await again.getByRole("alert").getByText(/name/).first().waitFor()
  await again.getByLabel("Name").fill("helper")
  await again.getByRole("button", { name: "Make" }).click()
  await again.waitFor({ state: "detached" })

  await page.getByRole("combobox", { name: "Role of boss" }).click()
  await page.getByRole("option", { name: /^admin/ }).click()
  await page
    .getByRole("dialog", { name: "Make boss admin" })
    .getByRole("button", { name: "Make admin" })
    .click()
  await expect.poll(async () => (await account("boss"))?.role).toBe("admin")

  const act = async (name: string, what: string) => {
    await page.getByRole("button", { name: `Change ${name}` }).click()
    await page.getByRole("menuitem", { name: what }).click()
  }
  await act("helper", "Set a password…")
  const password = page.getByRole("dialog", { name: "Password of helper" })
  await password.locator("input[autocomplete=new-password]").fill(`${PASSWORD} again`)
  await page.keyboard.press("Enter")
  await password.waitFor({ state: "detached" })
  const session = await fetch(new URL("api/v1/session", server.url), {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ name: "helper", password: `${PASSWORD} again` }),
  })
  expect(session.status).toBe(201)

  await act("helper", "Disable…")
  await page.getByRole("dialog", { name: "Disable helper" }).getByRole("button", { name: "Disable" }).click()
  await expect.poll(async () => (await account("helper"))?.disabled).toBe(true)
  await page.getByText("disabled", { exact: true }).waitFor()
  await act("helper", "Enable")
  await expect.poll(async () => (await account("helper"))?.disabled).toBe(false)

  await act("boss", "Remove…")
  const last = page.getByRole("dialog", { name: "Remove boss" })
  await last.getByRole("button", { name: "Remove" }).click()
  await last
    .getByRole("alert")
    .getByText(/last account/)
    .waitFor()
  await page.keyboard.press("Escape")
  await last.waitFor({ state: "detached" })
  await act("helper", "Remove…")
  await page.getByRole("dialog", { name: "Remove helper" }).getByRole("button", { name: "Remove" }).click()
  await expect.poll(() => account("helper")).toBe(undefined)
  expect((await account("boss"))?.role).toBe("admin")
})

test("settings say where each value comes from", async () => {
  const page = await settings("project")
  const port = page.getByRole("row").filter({ hasText: "server.port" })
  expect(await port.textContent()).toContain("the command line, --port")
  expect(await port.textContent()).toContain(new URL(server.url).port)
  const press = page.getByRole("row").filter({ hasText: "pools.press" })
  expect(await press.textContent()).toContain("weft.toml")
  await page.getByText("Given", { exact: true }).click()
  await page.getByRole("row").filter({ hasText: "server.hosts" }).waitFor({ state: "detached" })
  expect(page.url()).toContain("shown=given")
  expect(await page.getByRole("row").filter({ hasText: "keep_versions" }).textContent()).toContain(
    "weft.toml",
  )
})
