/** A browser as people have one, logged in; what its console says is kept, and must be nothing. */
import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import {
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  chromium,
  type Page,
} from "playwright-core"
import { afterAll, afterEach } from "vitest"
import { browserPath } from "../tools/browser.mjs"
import type { Server } from "./servers/weft"

const OUT = fileURLToPath(new URL("./out/", import.meta.url))

let browser: Promise<Browser> | undefined

export function launch(): Promise<Browser> {
  browser ??= chromium.launch({
    executablePath: browserPath(),
    args: ["--no-sandbox", "--force-color-profile=srgb"],
  })
  return browser
}

export async function closeBrowser(): Promise<void> {
  const open = browser
  browser = undefined
  await (await open)?.close()
}

export interface Visit {
  readonly page: Page
  readonly context: BrowserContext
  /** What the page complained about since it was opened, or since this was emptied. */
  readonly complaints: string[]
}

type State = Awaited<ReturnType<BrowserContext["storageState"]>>
const sessions = new WeakMap<Server, Promise<State>>()

/** The cookies of a session that a one-time link opened; one for each server. */
function session(server: Server): Promise<State> {
  let found = sessions.get(server)
  if (found === undefined) {
    found = (async () => {
      const context = await (await launch()).newContext()
      const page = await context.newPage()
      await page.goto(await server.link())
      await page.locator("main h1").waitFor()
      const state = await context.storageState()
      await context.close()
      return state
    })()
    sessions.set(server, found)
  }
  return found
}

/** A new window with nobody logged in. */
export async function stranger(options: BrowserContextOptions = {}): Promise<Visit> {
  const context = await (await launch()).newContext({
    viewport: { width: 1440, height: 900 },
    reducedMotion: "reduce",
    ...options,
  })
  const page = await context.newPage()
  const complaints: string[] = []
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning")
      complaints.push(`${message.type()}: ${message.text()} (${message.location().url})`)
  })
  page.on("pageerror", (error) => complaints.push(`error: ${error.stack ?? error.message}`))
  return { page, context, complaints }
}

/** A new window, logged in. */
export async function visit(server: Server, options: BrowserContextOptions = {}): Promise<Visit> {
  return stranger({ storageState: await session(server), ...options })
}

/** Windows of a test file: each test's are closed after it, and pictured first where it failed. */
export function windows() {
  const open: Visit[] = []
  afterEach(async ({ task }) => {
    const failed = task.result?.state === "fail"
    for (const [at, each] of open.splice(0).entries()) {
      if (failed) await picture(each, `${task.suite?.name ?? ""} ${task.name} ${at || ""}`)
      await each.context.close()
    }
  })
  afterAll(closeBrowser)
  const keep = (made: Visit) => {
    open.push(made)
    return made
  }
  return {
    visit: async (server: Server, options: BrowserContextOptions = {}) => keep(await visit(server, options)),
    stranger: async (options: BrowserContextOptions = {}) => keep(await stranger(options)),
  }
}

async function picture(of: Visit, name: string): Promise<void> {
  const file = join(OUT, name.replace(/[^a-z0-9]+/gi, "-").slice(0, 90))
  mkdirSync(OUT, { recursive: true })
  writeFileSync(`${file}.txt`, [of.page.url(), ...of.complaints].join("\n"))
  await of.page.screenshot({ path: `${file}.png` }).catch((error: Error) => of.complaints.push(error.message))
}

/** Wait until the page has what it shows: nothing that was asked for is outstanding, and no skeleton is left. */
export async function settled(page: Page): Promise<void> {
  await page.locator("main h1").first().waitFor()
  await page.waitForFunction(() => document.querySelector("main [aria-busy=true]") === null)
  await page.evaluate(
    () => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))),
  )
}
