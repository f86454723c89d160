/** The story of the product: an asset is broken in its file, *Now* shows it by its root cause, and it is mended from there. */
import type { Locator, Page } from "playwright-core"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { BASES, type Base, startAt } from "../servers/bases"
import { BAD, correct, edit, GOOD, reloaded, SESSION, taken } from "../servers/trading"
import type { Server } from "../servers/weft"
import { windows } from "../windows"

const open = windows()
const SOUND = "    found = league_of(monthly_report)\n"
const BROKEN = `    raise ValueError("the league has no table today")\n${SOUND}`

/** The trouble on *Now* that names something: its root, or what it hits. */
function trouble(page: Page, key: string): Locator {
  return page
    .getByRole("list", { name: "What is wrong, by root cause" })
    .locator("> li")
    .filter({ hasText: key })
    .first()
}

/** From the button of a trouble over its plan to the execution that mends it, with the mouse alone. */
async function repairByMouse(page: Page, key: string): Promise<void> {
  await trouble(page, key).locator("[data-repair]").click()
  await page
    .getByRole("dialog")
    .getByRole("button", { name: /^Apply / })
    .click()
}

/** The same with the keyboard alone: the number of the trouble, and the key that applies a plan. */
async function repairByKeys(page: Page): Promise<void> {
  await page.keyboard.press("1")
  await page
    .getByRole("dialog")
    .getByRole("button", { name: /^Apply / })
    .waitFor()
  await page.keyboard.press("Control+Enter")
}

describe.each(BASES)("at %s", (base: Base) => {
  let server: Server
  beforeAll(async () => {
    server = await startAt(base)
  })
  afterAll(() => server?.stop())

  test("an asset is broken in its file and repaired from Now with the mouse alone", async () => {
    const { page, complaints } = await open.visit(server)
    await page.goto(server.url)
    await page.getByRole("heading", { name: "All is well" }).waitFor()

    await edit(server.folder, "desk.py", SOUND, BROKEN)
    await page.getByRole("heading", { name: "Nothing is broken" }).waitFor()
    await trouble(page, "league_table").waitFor()
    expect(await trouble(page, "league_table").textContent()).toMatch(/league_table changed/)
    await repairByMouse(page, "league_table")
    await page.keyboard.press("Escape")
    await page.getByRole("heading", { name: "One thing is broken" }).waitFor()
    const broken = trouble(page, "league_table")
    await broken.getByText("ValueError: the league has no table today").waitFor()
    expect(await broken.textContent()).toContain("desk.py")
    expect(await broken.getByRole("link", { name: /morning_brief/ }).count(), "what it hits is told").toBe(1)

    await reloaded(server, () => edit(server.folder, "desk.py", BROKEN, SOUND))
    await repairByMouse(page, "league_table")
    await page.getByRole("heading", { name: "All is well" }).waitFor()
    await page.getByText("Nothing is broken, late or stale.").waitFor()
    expect(complaints).toEqual([])
  }, 90_000)

  test("a bad correction is found by its root cause and repaired with the keyboard alone", async () => {
    const { page, complaints } = await open.visit(server)
    await page.goto(server.url)
    await page.getByRole("heading", { name: "All is well" }).waitFor()

    await correct(server.folder, BAD)
    await trouble(page, "processed_trades").or(trouble(page, "raw_trades")).waitFor()
    await repairByKeys(page)
    await page.keyboard.press("Escape")
    const broken = trouble(page, "processed_trades")
    await broken.getByText("could not convert string to float").waitFor()
    expect(await broken.textContent()).toContain(`${SESSION}|IBM`)
    const causes = page.getByRole("list", { name: "What is wrong, by root cause" }).locator("> li")
    expect(await causes.count(), "one root cause, whatever hangs on it").toBe(1)

    await taken(server, GOOD)
    await repairByKeys(page)
    await page.getByRole("heading", { name: "All is well" }).waitFor()
    expect(complaints).toEqual([])
  }, 90_000)
})
