/** A browser as people have one, logged in; what its console says is kept, and must be nothing. */
import {
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  chromium,
  type Page,
  type Request,
} from "playwright-core"
import { browserPath } from "../tools/browser.mjs"
import type { Server } from "./servers/weft"

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
  count(page)
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

const asking = new WeakMap<Page, Set<Request>>()

/** Follow what a page asks the server for, but for the stream of changes, which never ends. */
function count(page: Page): void {
  const open = new Set<Request>()
  asking.set(page, open)
  page.on("request", (request) => {
    if (!request.url().includes("/api/v1/changes") && !/\/stream\b/.test(request.url())) open.add(request)
  })
  page.on("requestfinished", (request) => open.delete(request))
  page.on("requestfailed", (request) => open.delete(request))
}

/** Wait until the page has what it shows: nothing that it asked for is outstanding, and no skeleton is left. */
export async function settled(page: Page): Promise<void> {
  await page.locator("main h1").first().waitFor()
  const open = asking.get(page)
  const end = Date.now() + 60_000
  for (let quiet = 0; quiet < 3; ) {
    await page.evaluate(
      () => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))),
    )
    const busy = (await page.locator("[aria-busy=true]").count()) > 0 || (open?.size ?? 0) > 0
    quiet = busy ? 0 : quiet + 1
    if (Date.now() > end)
      throw new Error(
        `${page.url()} is not settled after 60 s: ${[...(open ?? [])].map((each) => each.url())}`,
      )
  }
}
