/** What people do with weft all day, in the browser: find a failure, follow a stale asset, backfill, roll back. */
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { settled } from "../browser"
import { BAD, correct, OTHER, SESSION, startTrading } from "../servers/trading"
import { type Server, weft } from "../servers/weft"
import { windows } from "../windows"

const open = windows()
let server: Server
beforeAll(async () => {
  server = await startTrading()
})
afterAll(() => server?.stop())

const at = (path: string) => new URL(path, server.url).href

/** What the vendor now says of a trade is read, and the report is made with it; `expected` is how that ends. */
async function remade(row: string, expected: number): Promise<void> {
  await correct(server.folder, row)
  await weft(server.folder, ["materialize", "raw_trades", "--partitions", `${SESSION}|IBM`])
  await weft(server.folder, ["apply", "monthly_report", "--partitions", "2012-10", "--yes"], expected)
}

test("a version is rolled back, what it makes stale is said before, and it can be undone", async () => {
  await remade(OTHER, 0)
  await weft(server.folder, ["apply", "league_table", "--partitions", "league_table[]", "--yes"])
  const { page } = await open.visit(server)
  await page.goto(at("assets/monthly_report?tab=versions"))
  await settled(page)
  await page.getByRole("row").getByRole("button", { name: "Roll back…" }).first().click()
  const dialog = page.getByRole("dialog")
  const stale = dialog.getByRole("list", { name: "What becomes stale" })
  await stale.waitFor()
  expect(await stale.textContent()).toContain("league_table")
  await dialog.getByRole("button", { name: /^Roll back to / }).click()
  await dialog.waitFor({ state: "detached" })
  await page.getByRole("button", { name: "Undo" }).click()
  await page.getByText(/points to .* again/).waitFor()
})

describe("after a trade that cannot be read", () => {
  beforeAll(() => remade(BAD, 1))

  test("the log line of a failure is found from the palette in less than 15 seconds", async () => {
    const { page } = await open.visit(server)
    await page.goto(server.url)
    await settled(page)
    const begun = performance.now()
    await page.keyboard.press("Control+k")
    await page.keyboard.type("could not convert")
    await page
      .getByRole("option", { name: /could not convert string to float/ })
      .first()
      .waitFor()
    await page.keyboard.press("Enter")
    await page.waitForURL(/\/runs\/.*log/)
    await page
      .locator("main")
      .getByText(/could not convert string to float: 'n\/a'/)
      .first()
      .waitFor()
    expect(performance.now() - begun).toBeLessThan(15_000)
  })

  test("a stale asset is followed to its root cause by links alone", async () => {
    const { page } = await open.visit(server)
    await page.goto(at("assets/monthly_report"))
    await settled(page)
    const link = page.locator("main").getByRole("link", { name: /processed_trades|Log of the error|run / })
    await link.first().waitFor()
    const chain = (await page.locator("main").textContent()) ?? ""
    expect(chain).toContain("could not convert string to float")
    await page
      .locator("main")
      .getByRole("link", { name: /log of|Log of the error/i })
      .first()
      .click()
    await page.waitForURL(/\/runs\//)
    await page
      .locator("main")
      .getByText(/could not convert string to float/)
      .first()
      .waitFor()
  })
})

test("three weeks are selected on the strip and backfilled", async () => {
  const { page } = await open.visit(server)
  await page.goto(at("assets/weekly_moves?tab=partitions"))
  await settled(page)
  const strip = page.locator("main canvas").first()
  const box = await strip.boundingBox()
  if (!box) throw new Error("There is no strip.")
  await page.mouse.move(box.x + box.width * 0.9, box.y + 20)
  await page.mouse.down()
  await page.mouse.move(box.x + box.width * 0.95, box.y + 20, { steps: 8 })
  await page.mouse.up()
  const field = page.getByLabel("Selected partitions")
  await expect.poll(() => field.inputValue()).toMatch(/^\d{4}-\d\d-\d\d\.\.\d{4}-\d\d-\d\d$/)
  await field.fill("2012-11-05..2012-11-19")
  await field.press("Enter")
  await page.getByRole("button", { name: "Materialize…" }).last().click()
  const dialog = page.getByRole("dialog")
  await dialog.getByText(/\b3\b/).first().waitFor()
  await dialog
    .getByRole("button", { name: /^(Apply|Materialize|Make|Run)\b/ })
    .last()
    .waitFor()
  await page.keyboard.press("Control+Enter")
  const made = async () => {
    const { items } = await server.call<{
      items: { partition: string; made_at: string | null; at: string }[]
    }>("GET", "/assets/weekly_moves/versions?limit=3")
    return items.map((each) => each.partition).sort()
  }
  await expect.poll(made, { timeout: 20_000 }).toEqual(["2012-11-05", "2012-11-12", "2012-11-19"])
})
