/** What changes how work goes on, submitted in the browser: pools, priorities, keys, cursors, pauses, alerts, gc. */
import type { Page } from "playwright-core"
import { afterAll, beforeAll, expect, test } from "vitest"
import type { Schema } from "../../src/api/client"
import { settled } from "../browser"
import { startOffice } from "../servers/office"
import { type Server, weft } from "../servers/weft"
import { windows } from "../windows"

const open = windows()
let server: Server
beforeAll(async () => {
  server = await startOffice()
  for (let times = 0; times < 3; times += 1) await weft(server.folder, ["materialize", "rates"])
  await server.call("PUT", "/work-pools/idle", { type: "process" })
  await server.call("POST", "/work-pools/idle/pause")
})
afterAll(() => server?.stop())

interface Items<T> {
  readonly items: readonly T[]
}

async function at(path: string): Promise<Page> {
  const { page } = await open.visit(server)
  await page.goto(new URL(path, server.url).href)
  await settled(page)
  return page
}

/** A run that waits, as its pool is paused. */
const waiting = (pages: number) =>
  server.call<Schema["RunView"]>("POST", "/pipelines/nightly/runs", { params: { pages }, pool: "idle" })
const run = (id: string) => server.call<Schema["RunView"]>("GET", `/runs/${id}`)

test("the slots of a pool are changed, and put back to what is configured", async () => {
  const page = await at("queue")
  const slots = async () =>
    (await server.call<Items<Schema["PoolView"]>>("GET", "/pools")).items.find(
      (each) => each.name === "press",
    )?.slots
  const change = page
    .getByRole("region", { name: "Pools", exact: true })
    .getByRole("button", { name: "Change" })
  await change.click()
  const dialog = page.getByRole("dialog", { name: "Slots of press" })
  await dialog.getByLabel("Slots").fill("5")
  await page.keyboard.press("Enter")
  await dialog.waitFor({ state: "detached" })
  expect(await slots()).toBe(5)
  await page.getByText("0 of 5").first().waitFor()
  await change.click()
  await dialog.getByRole("button", { name: "Back to 2, as configured" }).click()
  await dialog.waitFor({ state: "detached" })
  expect(await slots()).toBe(2)
})

test("runs that wait are moved, one by its field and several at once, and cancelled", async () => {
  const [one, two] = [await waiting(1), await waiting(2)]
  const page = await at("queue")
  const field = page.getByLabel(`Priority of ${one.id.slice(0, 8)}`)
  await field.fill("7")
  await page.keyboard.press("Enter")
  await expect.poll(async () => (await run(one.id)).priority).toBe(7)
  await page.getByLabel("Choose all").check()
  await page.getByRole("button", { name: "Set the priority…" }).click()
  const moved = page.getByRole("dialog", { name: "Priority of 2 runs" })
  await moved.getByLabel("Priority").fill("-3")
  await moved.getByRole("button", { name: "Set" }).click()
  await moved.waitFor({ state: "detached" })
  await expect
    .poll(async () => [(await run(one.id)).priority, (await run(two.id)).priority])
    .toEqual([-3, -3])
  await page.getByLabel("Choose all").check()
  await page.getByRole("button", { name: "Cancel 2 runs…" }).click()
  await page.getByRole("dialog").getByRole("button", { name: "Cancel 2 runs" }).click()
  await expect
    .poll(async () => [(await run(one.id)).outcome, (await run(two.id)).outcome])
    .toEqual(["cancelled", "cancelled"])
})

test("all runs that match are cancelled at once, counted first", async () => {
  const runs = [await waiting(3), await waiting(4), await waiting(5)]
  const page = await at("runs?state=live")
  await page.keyboard.press("Control+k")
  await page.keyboard.type("cancel all runs that match")
  await page.getByRole("option", { name: /Cancel all runs that match/ }).waitFor()
  await page.keyboard.press("Enter")
  const dialog = page.getByRole("dialog").filter({ hasText: "match" })
  await dialog.getByText("3 runs").first().waitFor()
  await dialog.getByRole("button", { name: "Cancel 3 runs" }).click()
  await dialog.getByText(/3 of 3/).waitFor()
  for (const { id } of runs) expect((await run(id)).outcome).toBe("cancelled")
})

test("a schedule is paused with the reason, and resumed", async () => {
  const page = await at("schedules/schedule:nightly")
  const automation = () => server.call<Schema["AutomationState"]>("GET", "/automations/schedule:nightly")
  const toggle = page.getByRole("switch", { name: /asks for runs/ })
  await toggle.press("Space")
  const dialog = page.getByRole("dialog", { name: /^Pause / })
  await dialog.getByLabel("Why").fill("the press is cleaned")
  await dialog.getByRole("button", { name: "Pause" }).click()
  await dialog.waitFor({ state: "detached" })
  await expect.poll(async () => (await automation()).paused).toBe(true)
  await page.getByText("the press is cleaned").first().waitFor()
  await toggle.press("Space")
  await expect.poll(async () => (await automation()).paused).toBe(false)
})

test("a sensor is tried from a cursor, which starts nothing, and its cursor is set", async () => {
  const page = await at("schedules/sensor:letters_come")
  const cursor = async () =>
    (await server.call<Schema["ExplainView"]>("GET", "/automations/sensor:letters_come/explain")).automation
      .cursor
  await page.getByLabel("Cursor").fill("letter-1")
  await page.getByRole("button", { name: "Try it" }).click()
  await page.getByText(/It would start 1 of the 1 runs/).waitFor()
  expect(await cursor()).not.toBe("letter-1")
  await page.getByRole("button", { name: "Set the cursor" }).click()
  await expect.poll(cursor).toBe("letter-1")
})

test("keys of dynamic partitions are added and removed; an unknown one is refused and nothing goes", async () => {
  const page = await at("assets/letters?tab=partitions")
  const keys = async () =>
    (await server.call<Items<{ key: string }>>("GET", "/assets/letters/partition-keys")).items
      .map((each) => each.key)
      .sort()
  const change = page.getByRole("button", { name: "Add or remove keys…" })
  await change.click()
  const dialog = page.getByRole("dialog", { name: "Keys of customers" })
  await dialog.getByLabel(/^Keys/).fill("ada\ngrace\nada")
  await dialog.getByRole("button", { name: "Add 2 keys" }).click()
  await dialog.waitFor({ state: "detached" })
  expect(await keys()).toEqual(["ada", "grace"])
  await page.getByText("grace").first().waitFor()
  await change.click()
  await dialog.getByText("Remove", { exact: true }).click()
  await dialog.getByLabel(/^Keys/).fill("ada\nnobody")
  await dialog.getByRole("button", { name: "Remove 2 keys" }).click()
  await dialog
    .getByRole("alert")
    .getByText(/nobody/)
    .first()
    .waitFor()
  expect(await keys()).toEqual(["ada", "grace"])
  await dialog.getByLabel(/^Keys/).fill("ada")
  await dialog.getByRole("button", { name: "Remove one key" }).click()
  await dialog.waitFor({ state: "detached" })
  expect(await keys()).toEqual(["grace"])
})

test("something is silenced for a while, and the silence is ended", async () => {
  const page = await at("incidents?tab=silences")
  const silences = async () => (await server.call<Items<Schema["SilenceView"]>>("GET", "/silences")).items
  await page.getByRole("button", { name: "Silence…" }).first().click()
  const dialog = page.getByRole("dialog", { name: "Silence" })
  expect(await dialog.getByRole("button", { name: "Silence" }).isEnabled()).toBe(false)
  await dialog.getByLabel("What root is").fill("asset:rates")
  await dialog.getByLabel("Why").fill("the bank has moved")
  await dialog.getByRole("button", { name: "Silence" }).click()
  await dialog.waitFor({ state: "detached" })
  expect((await silences()).map((each) => [each.matches, each.reason])).toEqual([
    [{ root: "asset:rates" }, "the bank has moved"],
  ])
  await page.getByRole("button", { name: /^End the silence/ }).click()
  await expect.poll(async () => (await silences()).length).toBe(0)
})

test("an event becomes an alert rule, under a name that is free, and the rule is taken away", async () => {
  const rules = async () =>
    (await server.call<Schema["AlertsView"]>("GET", "/alerts")).rules
      .filter((each) => each.source === "made")
      .map((each) => each.name)
  const page = await at("events")
  await page.getByRole("row").filter({ hasText: "Run" }).last().click()
  await page.getByRole("button", { name: "Alert on this…" }).click()
  const dialog = page.getByRole("dialog", { name: "Alert on this" })
  await dialog.getByLabel("Name").fill("  ")
  await dialog.getByRole("button", { name: "Make the rule" }).click()
  await dialog.getByRole("alert").first().waitFor()
  expect(await rules()).toEqual([])
  await dialog.getByLabel("Name").fill("office-runs")
  await dialog.getByRole("button", { name: "Make the rule" }).click()
  await dialog.waitFor({ state: "detached" })
  expect(await rules()).toEqual(["office-runs"])
  await page.goto(new URL("incidents?tab=rules", server.url).href)
  await settled(page)
  await page
    .getByRole("row")
    .filter({ hasText: "office-runs" })
    .getByRole("button", { name: /Take away|office-runs/ })
    .click()
  await expect.poll(rules).toEqual([])
})

test("old versions are counted, then removed", async () => {
  const page = await at("settings?tab=server")
  await page
    .locator("div")
    .filter({ hasText: /^What gc would remove/ })
    .getByRole("button", { name: "Start" })
    .last()
    .click()
  await page.getByText(/2 versions would be removed/).waitFor()
  await page.getByRole("button", { name: "Remove them" }).click()
  await page.getByText(/2 versions were removed/).waitFor()
  const left = JSON.parse(await weft(server.folder, ["gc", "--dry-run", "--json"])) as { removed: unknown[] }
  expect(left.removed).toEqual([])
})

test("a connection is added, tried, changed and removed; it says who uses it", async () => {
  const connection = () => server.call<Schema["ConnectionDetail"]>("GET", "/connections/warehouse")
  const page = await at("connections")
  await page.getByRole("button", { name: "New connection" }).click()
  const dialog = page.getByRole("dialog", { name: "New connection" })
  await dialog.getByLabel("Name").fill("warehouse")
  await dialog.getByLabel(/^URI/).fill("nothing://of.the.kind")
  await dialog.getByRole("button", { name: "Keep" }).click()
  await dialog.getByRole("alert").first().waitFor()
  await dialog.getByLabel(/^URI/).fill(new URL("api/v1/health", server.url).href)
  await dialog.getByRole("button", { name: "Keep" }).click()
  await dialog.waitFor({ state: "detached" })
  expect((await connection()).type).toBe("http")

  await page.getByRole("row").filter({ hasText: "warehouse" }).click()
  const drawer = page.getByRole("dialog", { name: "warehouse" })
  await drawer.getByRole("link", { name: "invoices" }).waitFor()
  await drawer.getByText("It was never tried from here.").waitFor()
  await drawer.getByRole("button", { name: "Test" }).click()
  await drawer.getByText("worked", { exact: true }).waitFor()
  expect((await connection()).last_trial?.passed).toBe(true)

  await drawer.getByRole("button", { name: "Change" }).click()
  const changing = page.getByRole("dialog", { name: "Change warehouse" })
  await changing.getByLabel("Port").fill("1")
  await changing.getByLabel("Extra").fill("{not json")
  await changing.getByRole("button", { name: "Keep" }).click()
  await changing.getByText(/Extra is not JSON/).waitFor()
  await changing.getByLabel("Extra").fill("")
  await changing.getByRole("button", { name: "Keep" }).click()
  await changing.waitFor({ state: "detached" })
  expect((await connection()).port).toBe(1)

  await page.getByRole("row").filter({ hasText: "warehouse" }).click()
  await drawer.getByText(/changed after that/).waitFor()
  await drawer.getByRole("button", { name: "Test" }).click()
  await drawer.getByText("did not work", { exact: true }).waitFor()
  await drawer.getByRole("button", { name: "Remove…" }).click()
  await drawer.getByRole("button", { name: "Remove warehouse for good" }).click()
  await drawer.waitFor({ state: "detached" })
  await expect
    .poll(async () => (await server.call<Items<unknown>>("GET", "/connections")).items.length)
    .toBe(0)
})
