/** Every page as every role: nothing is offered that the server would refuse, and nothing is asked for in vain. */
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import type { Role } from "../../src/shell/roles"
import { settled } from "../browser"
import { logIn } from "../log-in"
import { type Place, places } from "../places"
import { overreach, pressEverything, rolesAsked } from "../roles"
import { PASSWORD } from "../servers/office"
import { BAD, correct, SESSION, startTrading } from "../servers/trading"
import { type Server, weft } from "../servers/weft"
import { windows } from "../windows"

const open = windows()
const ROLES: readonly Role[] = ["viewer", "operator", "editor"]
let server: Server
let everywhere: readonly Place[]
let asked: Awaited<ReturnType<typeof rolesAsked>>
beforeAll(async () => {
  server = await startTrading()
  for (const role of [...ROLES, "admin"])
    await server.call("POST", "/accounts", { name: `a-${role}`, role, password: PASSWORD })
  // something broken, something that waits, something of each kind to act on
  await correct(server.folder, BAD)
  await weft(server.folder, ["materialize", "raw_trades", "--partitions", `${SESSION}|IBM`])
  await weft(server.folder, ["apply", "monthly_report", "--partitions", "2012-10", "--yes"], 1)
  await server.call("PUT", "/work-pools/idle", { type: "process" })
  await server.call("POST", "/work-pools/idle/pause")
  await server.call("POST", "/pipelines/vendor_watch/runs", { pool: "idle" })
  await server.call("PUT", "/connections/office", { uri: "http://127.0.0.1:9" })
  asked = await rolesAsked(server)
  everywhere = [
    ...(await places(server)),
    ...["project", "server", "tokens", "users", "password"].map((tab) => ({
      name: `settings-${tab}`,
      path: `/settings?tab=${tab}`,
    })),
    ...["rules", "silences"].map((tab) => ({ name: `alerts-${tab}`, path: `/incidents?tab=${tab}` })),
    { name: "connection", path: "/connections?open=office" },
    { name: "sensor", path: "/schedules/sensor:corrections_come" },
  ]
})
afterAll(() => server?.stop())

const at = (path: string) => new URL(path.replace(/^\//, ""), server.url).href

/** Where more is offered to who may more; elsewhere what a viewer is not offered is enough. */
const MORE =
  /^(assets?|asset-(partitions|versions|checks)|pipeline|runs?|plans?|schedules?|sensor|backfills|queue|workers|checks|events|alerts.*|connections?|settings-.*)$/

describe.each(ROLES)("as %s", (role) => {
  test("no page asks for what this role may not see, and no button for what it may not do", async () => {
    const { page } = await open.stranger()
    await page.goto(server.url)
    await logIn(page, `a-${role}`, PASSWORD)
    const wrong = await overreach(page, role, asked)
    let pressed = 0
    for (const { name, path } of everywhere) {
      if (role !== "viewer" && !MORE.test(name)) continue
      await page.goto(at(path))
      await settled(page)
      pressed += await pressEverything(page, at(path))
    }
    expect([...new Set(wrong)]).toEqual([])
    // the walk itself works: there is much to press
    expect(pressed).toBeGreaterThan(60)
  }, 600_000)

  test("the palette offers only what this role may do", async () => {
    const { page } = await open.stranger()
    await page.goto(server.url)
    await logIn(page, `a-${role}`, PASSWORD)
    await page.keyboard.press("Control+k")
    const options = page.getByRole("option")
    await options.first().waitFor()
    const titles = await options.allTextContents()
    expect(titles.some((each) => each.includes("Runs"))).toBe(true)
    expect(titles.filter((each) => each.startsWith("Audit"))).toEqual([])
  })
})

test("the walk notices what is too much", async () => {
  const { page } = await open.stranger()
  await page.goto(server.url)
  await logIn(page, "a-operator", PASSWORD)
  const wrong = await overreach(page, "viewer", asked)
  await page.goto(at("/queue"))
  await settled(page)
  await pressEverything(page, at("/queue"))
  expect(wrong.join("\n")).toContain("POST /api/v1/work-pools/idle/resume asks for operator")
})

test("an admin finds the pages that are for admins alone", async () => {
  const { page } = await open.stranger()
  await page.goto(at("/audit"))
  await logIn(page, "a-admin", PASSWORD)
  await page.getByRole("link", { name: "Audit" }).waitFor()
  await page.getByRole("row").nth(1).waitFor()
  await page.goto(at("/settings?tab=users"))
  await settled(page)
  await page.getByRole("row").filter({ hasText: "a-viewer" }).waitFor()
})

test("who is no admin is told so on the pages for admins", async () => {
  const { page } = await open.stranger()
  await page.goto(at("/audit"))
  await logIn(page, "a-editor", PASSWORD)
  await page.getByText("The audit log is for admins.").waitFor()
  expect(await page.getByRole("link", { name: "Audit" }).count()).toBe(0)
  await page.goto(at("/settings?tab=users"))
  await page.getByText("Accounts are for admins.").waitFor()
})
