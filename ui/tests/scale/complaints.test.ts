/**
 * The ten complaints about other tools that weft is to beat, each as a test, on an installation of 10,000 assets,
 * 1,000,000 runs, a log of 200 MB and an asset of 1,000,000 partitions, and on the trading example.
 */
import AxeBuilder from "@axe-core/playwright"
import type { Page } from "playwright-core"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { settled } from "../browser"
import { factsOf, startInstallation } from "../servers/installation"
import { BAD, correct, SESSION, startTrading } from "../servers/trading"
import { type Server, weft } from "../servers/weft"
import { windows } from "../windows"

const open = windows()
let large: Server
let trading: Server
beforeAll(async () => {
  large = await startInstallation({})
  trading = await startTrading({ zone: "Asia/Tokyo" })
  // the first question after a start reads the ledger; a server is asked all the time
  for (const path of ["/now", "/lineage", "/cloth"]) await large.call("GET", path)
})
afterAll(async () => {
  await large?.stop()
  await trading?.stop()
})

const at = (server: Server, path: string) => new URL(path, server.url).href

/**
 * Opens a page, and fails if that takes more than five times `target` milliseconds from the beginning of the navigation
 * until `there`, three times in a row: machines that run tests have other things to do. The targets are held by the bench.
 */
async function opens(page: Page, url: string, target: number, there: () => Promise<unknown>): Promise<void> {
  const took: number[] = []
  while (took.length < 3) {
    await page.goto(url, { waitUntil: "commit" })
    await there()
    took.push(Math.round(await page.evaluate(() => performance.now())))
    if (took.some((each) => each < 5 * target)) return
  }
  throw new Error(`${url} opened in ${took.join(" and ")} ms; five times the target is ${5 * target} ms`)
}

/** Pixels of the largest canvas that have another colour than its corner. */
function inked(): boolean {
  const canvases = [...document.querySelectorAll<HTMLCanvasElement>("main canvas")]
  const canvas = canvases.sort((one, other) => other.width * other.height - one.width * one.height)[0]
  const context = canvas?.getContext("2d")
  if (!canvas || !context || canvas.width === 0) return false
  const { data } = context.getImageData(0, 0, canvas.width, canvas.height)
  let other = 0
  for (let place = 0; place < data.length; place += 4 * 37)
    if (data[place + 3] !== 0 && data[place] !== data[0]) other += 1
  return other > 50
}

describe("complaints about other tools", () => {
  test("1. the graph dies with a few hundred nodes", async () => {
    const { page } = await open.visit(large)
    await opens(page, at(large, "lineage?groups=none"), 2000, () => page.waitForFunction(inked))
    expect(await page.locator("main *").count(), "what is not visible is not in the document").toBeLessThan(
      3000,
    )
  })

  test("2. grids and lists get slow as history grows", async () => {
    const { page } = await open.visit(large)
    const list = () => page.getByRole("row").nth(5).waitFor()
    for (const path of ["runs", "runs?state=failed", "runs?pipeline=pipeline_7", "pipelines/wide?tab=runs"])
      await opens(page, at(large, path), 1000, list)
    // 2,000 runs of 200 tasks
    await opens(page, at(large, "pipelines/wide"), 1000, () => page.waitForFunction(inked))
  })

  test("3. the log viewer freezes, cannot search, cannot copy", async () => {
    const { run, line, error } = factsOf(large).log
    const { page, context } = await open.visit(large)
    await context.grantPermissions(["clipboard-read", "clipboard-write"])
    await opens(page, at(large, `runs/${run}?tab=logs`), 1000, () =>
      page.getByText("read, checked and passed on").first().waitFor(),
    )
    await page.keyboard.press("Control+f")
    await page.keyboard.type("middle of row 7,777,777")
    await page.keyboard.press("Enter")
    await page.getByText(error).first().waitFor()
    await page.getByLabel(`Line ${line}`, { exact: true }).waitFor()
    await page.getByLabel(`Line ${line}`, { exact: true }).click()
    await page.waitForURL(new RegExp(`line=${line}`))
    expect(await page.locator("main *").count(), "only the lines in view are there").toBeLessThan(3000)
    await page.reload()
    await page.getByText(error).first().waitFor()
  })

  test("4. the screen lies until it is reloaded", async () => {
    const { page } = await open.visit(trading)
    await page.goto(at(trading, "runs"))
    await settled(page)
    const { id } = await trading.call<{ id: string }>("POST", "/pipelines/publish_brief/runs", {})
    const begun = performance.now()
    await page.locator(`main a[href*="${id}"]`).first().waitFor()
    expect(performance.now() - begun).toBeLessThan(10_000)
    await page.goto(at(trading, `runs/${id}`))
    await page.getByText("May stocks-of-2012 go out?").first().waitFor()
    await trading.call("POST", `/runs/${id}/cancel`, { reason: "the test is over" })
    const asked = performance.now()
    await page
      .getByText(/cancel/i)
      .first()
      .waitFor()
    expect(performance.now() - asked).toBeLessThan(10_000)
  })

  test("5. there is no bulk operation on all that match", async () => {
    const { page } = await open.visit(large)
    await page.goto(at(large, "runs?state=failed"))
    await settled(page)
    const counted = await large.call<{ count: number }>("POST", "/runs/bulk/preview", {
      action: "rerun_failed",
      filters: { outcome: "failed" },
    })
    expect(counted.count, "every run that matches, not a page of them").toBeGreaterThan(1000)
    await page.getByRole("button", { name: "All that match" }).click()
    await page.getByRole("menuitem", { name: /^Re-run what failed/ }).click()
    const dialog = page.getByRole("dialog")
    await dialog
      .getByText(new RegExp(counted.count.toLocaleString("en-US")))
      .first()
      .waitFor()
    expect(await dialog.getByRole("button", { name: /^Re-run/ }).count(), "asks before it acts").toBe(1)
  })

  test("6. a re-run cannot change its config, and choosing a partition wipes it", async () => {
    const { page } = await open.visit(large)
    await page.goto(at(large, "pipelines/regional"))
    await page
      .getByRole("button", { name: /^Run\b/ })
      .first()
      .click()
    const dialog = page.getByRole("dialog")
    await dialog.getByLabel("region", { exact: true }).fill("kept-as-typed")
    await dialog.getByText("region: kept-as-typed").waitFor()
    await dialog.getByLabel("Interval").fill("2016-02-03")
    await dialog.getByText("region: kept-as-typed").waitFor()
    expect(await dialog.getByLabel("region", { exact: true }).inputValue()).toBe("kept-as-typed")
    await page.keyboard.press("Control+Enter")
    await dialog.waitFor({ state: "detached" })
    const { items } = await large.call<{ items: { id: string; partition: string }[] }>(
      "GET",
      "/runs?pipeline=regional&limit=1",
    )
    expect(items[0]?.partition).toBe("2016-02-03")

    const { page: again } = await open.visit(large)
    await again.goto(at(large, `runs/${items[0]?.id}`))
    await again
      .getByRole("button", { name: /^Re-run/ })
      .first()
      .click()
    const form = again.getByRole("dialog")
    await form.getByText("region: kept-as-typed").waitFor()
    await form.getByLabel("region", { exact: true }).fill("changed")
    await form.getByText("region: changed").waitFor()
  })

  test("7. a status is wrong or not explained", async () => {
    await weft(trading.folder, ["materialize", "raw_trades", "--partitions", `${SESSION}|IBM`])
    await correct(trading.folder, BAD)
    await weft(trading.folder, ["materialize", "raw_trades", "--partitions", `${SESSION}|IBM`])
    await weft(trading.folder, ["apply", "monthly_report", "--partitions", "2012-10", "--yes"], 1)
    const { page } = await open.visit(trading)
    await page.goto(at(trading, "assets/monthly_report"))
    await settled(page)
    const told = (await page.locator("main").textContent()) ?? ""
    expect(told, "the failing asset, not only the stale one").toContain("processed_trades")
    expect(told, "the failing partition").toContain(`${SESSION}|IBM`)
    expect(told, "the error").toContain("could not convert string to float")
    const { items } = await trading.call<{ items: { status: string }[] }>(
      "GET",
      "/statuses?select=monthly_report",
    )
    expect(items[0]?.status).not.toBe("fresh")
  })

  test("8. screens of partitions and backfills are slow or blank", async () => {
    const { page } = await open.visit(large)
    for (const key of ["ticks", "prices"]) {
      await opens(page, at(large, `assets/${key}?tab=partitions`), 1000, () => page.waitForFunction(inked))
    }
    const begun = performance.now()
    await large.call("GET", "/assets/ticks/partitions")
    expect(performance.now() - begun, "100,000 partitions").toBeLessThan(5000)
  })

  test("9. three time zones on one screen", async () => {
    const runs = await trading.call<{ items: { id: string; created_at: string }[] }>("GET", "/runs?limit=1")
    const created = new Date(runs.items[0]?.created_at ?? "")
    for (const zone of ["Europe/Vienna", "America/Los_Angeles"]) {
      const { page } = await open.visit(trading, { timezoneId: zone })
      await page.goto(at(trading, "runs"))
      await settled(page)
      await page.keyboard.press("Shift+T")
      const said = async (of: string) => {
        const text = new Intl.DateTimeFormat("en-GB", {
          timeZone: of,
          hour: "2-digit",
          minute: "2-digit",
          hourCycle: "h23",
        })
        await page.getByText(text.format(created)).first().waitFor()
      }
      await said(zone)
      const shown = await page
        .locator("main time")
        .evaluateAll((all) => all.map((each) => each.getAttribute("title") ?? ""))
      expect(shown.length).toBeGreaterThan(0)
      expect(
        shown.filter((each) => !each.includes(zone)),
        "each time says its zone",
      ).toEqual([])
      await page.keyboard.press("Shift+Z")
      await said("UTC")
    }
  })

  test("10. sub-path, auth, colour, URL state and titles are extras", async () => {
    const { page } = await open.visit(trading, { colorScheme: "dark" })
    await page.goto(at(trading, "runs"))
    await settled(page)
    const rows = await page.getByRole("row").count()
    await page.getByRole("combobox", { name: "State" }).click()
    await page.getByRole("option", { name: "failed" }).first().click()
    await page.waitForURL(/state=failed/)
    await page.reload()
    await settled(page)
    expect(await page.getByRole("row").count(), "the filter is in the URL, and holds").toBeLessThan(rows)
    expect(await page.title()).toBe("Runs · weft")
    const { violations } = await new AxeBuilder({ page }).withTags(["wcag2a", "wcag2aa"]).analyze()
    expect(violations.map((each) => each.id)).toEqual([])
    const { page: out } = await open.stranger()
    await out.goto(at(trading, "runs"))
    await out.getByRole("heading", { name: "Log in" }).waitFor()
    // the suite in tests/e2e is run at / and under /x/y/ besides
  })
})
