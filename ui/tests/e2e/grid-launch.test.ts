/** A pipeline's grid with its mapped steps unfolded, values that are opened, and launching with partitions. */
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { Page } from "playwright-core"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { settled } from "../browser"
import { type Server, startDev, weft } from "../servers/weft"
import { windows } from "../windows"

const DEFINITIONS = `
from datetime import datetime
from weft import *

days = DailyPartitions(start_date="2024-01-01", end_date="2024-03-01")

@asset(partitions=days)
def prices(context) -> str:
    return context.partition_key

@asset(partitions=days)
def means(prices: str) -> str:
    return prices

@asset
def report(means: dict) -> int:
    return len(means)

reporting = job("reporting", "prices or means or report")

@task
def sources() -> list:
    return list(range(40))

@task(retries=0)
def check(n: int) -> int:
    if n == 17:
        raise ValueError(f"row {n} has no price")
    return n

@task
def many() -> list:
    return list(range(9000))

@dag
def mapping():
    check.expand(n=sources())
    many()

@dag(schedule="@daily", start_date=datetime(2024, 1, 1), end_date=datetime(2024, 2, 1), params={"note": "none"})
def daily():
    many()
`

const open = windows()
const PATIENCE = { timeout: 30_000 }
let folder: string
let server: Server
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "weft-grid-"))
  await writeFile(join(folder, "shop.py"), DEFINITIONS)
  await writeFile(join(folder, "weft.toml"), 'definitions = "shop.py"\n')
  for (let run = 0; run < 2; run += 1) await weft(folder, ["run", "mapping"], 1)
  server = await startDev(folder, { args: ["--no-scheduler"] })
})
afterAll(async () => {
  await server?.stop()
  if (folder) await rm(folder, { recursive: true, force: true })
})

const at = (path: string) => new URL(path, server.url).href

/** The drawing says how much it shows. */
const rows = (page: Page, count: number) =>
  page.getByRole("img", { name: new RegExp(`^Runs and steps: 2 runs, ${count} rows`) }).waitFor(PATIENCE)

const search = (page: Page, name: string) => new URL(page.url()).searchParams.getAll(name)

describe("a mapped step of the grid", () => {
  test("unfolds to a row for each item, and the URL has it", async () => {
    const { page } = await open.visit(server)
    await page.goto(at("pipelines/mapping"))
    await settled(page)
    await rows(page, 3)
    await page.keyboard.press("m")
    await rows(page, 43)
    expect(search(page, "open")).toEqual(["check"])
    await page.getByLabel("Only items that are not fine").check()
    await rows(page, 4)
    const link = page.url()

    const { page: other } = await open.visit(server)
    await other.goto(link)
    await settled(other)
    await rows(other, 4)
    await other.keyboard.press("m")
    await rows(other, 3)
    expect(search(other, "open")).toEqual([])
  })

  test("folds and unfolds by keys, and an item says why it failed", async () => {
    const { page } = await open.visit(server)
    await page.goto(at("pipelines/mapping"))
    await settled(page)
    const drawing = page.getByRole("img", { name: /^Runs and steps/ })
    await drawing.focus()
    const tip = page.getByRole("status").filter({ hasText: /succeeded|failed|begun/i })
    for (let step = 0; step < 4; step += 1) {
      await page.keyboard.press("ArrowDown")
      if ((await tip.textContent(PATIENCE))?.startsWith("check")) break
    }
    await page.keyboard.press(" ")
    await rows(page, 43)
    for (let step = 0; step < 18; step += 1) await page.keyboard.press("ArrowDown")
    await tip.filter({ hasText: "check[17]" }).waitFor(PATIENCE)
    await page.keyboard.press("Enter")
    await page.getByRole("complementary").getByText("row 17 has no price").waitFor(PATIENCE)
    expect(search(page, "step")).toEqual(["check[17]"])
    await drawing.focus()
    await page.keyboard.press(" ")
    await rows(page, 3)
  })

  test("has its items in the table as well", async () => {
    const { page } = await open.visit(server)
    await page.goto(at("pipelines/mapping?as=table"))
    await settled(page)
    const folder = page.getByRole("button", { name: "check", exact: true })
    expect(await folder.getAttribute("aria-expanded")).toBe("false")
    await folder.click()
    const row = page.getByRole("row", { name: /^\[17\]/ })
    await row.waitFor(PATIENCE)
    await expect.poll(() => row.textContent(), PATIENCE).toMatch(/failed.*failed/i)
  })
})

test("a large value is opened, a part of it at first, and downloaded", async () => {
  const { items } = await server.call<{ items: { id: string }[] }>("GET", "/runs?pipeline=mapping&limit=1")
  const { page } = await open.visit(server)
  await page.goto(at(`runs/${items[0]?.id}?tab=values`))
  await settled(page)
  const value = page.getByRole("link", { name: "Download: What many returned" })
  await value.waitFor(PATIENCE)
  const [download] = await Promise.all([page.waitForEvent("download", PATIENCE), value.click()])
  expect(download.suggestedFilename()).toMatch(/many\.json$/)
  await page.getByRole("button", { name: "Open", exact: true }).first().click()
  await page.getByText(/This is how it begins/).waitFor(PATIENCE)
  await page.getByRole("button", { name: /^Show 256/ }).click()
  await page.getByText("This is all of it.").waitFor(PATIENCE)
  expect(await page.getByLabel("What many returned", { exact: true }).textContent()).toContain("8999")
})

describe("launching", () => {
  test("a job over assets takes partitions, completed by key, and keeps the rest as it was", async () => {
    const { page } = await open.visit(server)
    await page.goto(at("pipelines/reporting"))
    await settled(page)
    await page.getByRole("button", { name: "Run", exact: true }).click()
    const dialog = page.getByRole("dialog")
    await dialog.getByText("Exactly this, again").click()
    await dialog.getByText(/^Queue/).click()
    await dialog.getByLabel("Priority").fill("7")
    const field = dialog.getByLabel("Partitions", { exact: true })
    await field.fill("2024-02-27..28")
    await page.getByRole("option", { name: "2024-02-27..2024-02-28" }).click()
    expect(await field.inputValue()).toBe("2024-02-27..2024-02-28")
    await dialog.getByText("2 in all").waitFor(PATIENCE)
    await field.fill("2024-02-28")
    await dialog.getByText("1 in all").waitFor(PATIENCE)
    expect(await dialog.getByLabel("Priority").inputValue(), "a partition resets nothing").toBe("7")
    expect(await dialog.getByRole("radio", { name: /Exactly this/ }).isChecked()).toBe(true)
    const make = dialog.getByRole("button", { name: /^Make\b/ })
    await expect.poll(() => make.getAttribute("data-disabled"), PATIENCE).toBeNull()
    await make.click()
    await page.waitForURL(/\/executions\//, PATIENCE)
    const id = new URL(page.url()).pathname.split("/").at(-1)
    const made = await server.call<{ priority: number; request: string; total: number }>(
      "GET",
      `/executions/${id}`,
    )
    expect(made).toMatchObject({ priority: 7, total: 2 })
    expect(made.request).toContain("2024-02-28")
  })

  test("an interval that is changed leaves the parameters as they were typed", async () => {
    const { page } = await open.visit(server)
    await page.goto(at("pipelines/daily"))
    await settled(page)
    await page.keyboard.press("r")
    const dialog = page.getByRole("dialog")
    await dialog.getByLabel("note", { exact: true }).fill("as typed")
    const field = dialog.getByLabel("Interval", { exact: true })
    for (const text of ["2024-01-05", "2024-01-05..2024-01-09", "2024-01-08"]) {
      await field.fill(text)
      await dialog.getByText(text.includes("..") ? "5 in all" : "1 in all").waitFor(PATIENCE)
      expect(await dialog.getByLabel("note", { exact: true }).inputValue()).toBe("as typed")
    }
    await page.keyboard.press("Control+Enter")
    await page.waitForURL(/\/runs\//, PATIENCE)
    const { items } = await server.call<{ items: { partition: string; params: object }[] }>(
      "GET",
      "/runs?pipeline=daily&limit=1",
    )
    expect(items[0]).toMatchObject({ partition: "2024-01-08", params: { note: "as typed" } })
  })
})
