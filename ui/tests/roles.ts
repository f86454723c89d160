/** What each role may, as the description of the API says; and pressing everything that a page offers. */
import type { Locator, Page, Request } from "playwright-core"
import { type Role, reaches } from "../src/shell/roles"
import type { Server } from "./servers/weft"

interface Operation {
  readonly description?: string
}

/** Tells for a request which role it asks for; undefined where it is none of the API's. */
export async function rolesAsked(
  server: Server,
): Promise<(method: string, path: string) => Role | undefined> {
  const { paths } = await server.call<{ paths: Record<string, Record<string, Operation>> }>(
    "GET",
    "/openapi.json",
  )
  const known = Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations).flatMap(([method, { description = "" }]) => {
      const role = /the role `(\w+)`/.exec(description)?.[1] as Role | undefined
      const shape = new RegExp(
        `^${path
          .replace(/[.+]/g, "\\$&")
          .replace(/\{(key|name)\}/g, ".+")
          .replace(/\{\w+\}/g, "[^/]+")}$`,
      )
      const fixed = path.split("/").filter((part) => !part.startsWith("{")).length
      return role ? [{ method: method.toUpperCase(), shape, role, fixed }] : []
    }),
  )
  // of several that fit the one that is named most exactly is meant
  known.sort((one, other) => other.fixed - one.fixed)
  return (method, path) => known.find((each) => each.method === method && each.shape.test(path))?.role
}

/** What a page asked of the server that its user may not; to be called before the page is opened. */
export async function overreach(
  page: Page,
  role: Role,
  asked: (method: string, path: string) => Role | undefined,
): Promise<readonly string[]> {
  const found: string[] = []
  const judge = (request: Request): boolean => {
    const method = request.method()
    const path = decodeURIComponent(new URL(request.url()).pathname)
    const needed = asked(method, path)
    if (needed !== undefined && !reaches(role, needed))
      found.push(`${method} ${path} asks for ${needed}, offered at ${new URL(page.url()).pathname}`)
    return needed !== undefined && needed !== "viewer"
  }
  await page.route("**/api/v1/**", async (route) => {
    const changes = judge(route.request())
    // nothing is changed: what one button does would change what the next one finds
    if (changes && route.request().method() !== "GET")
      await route.fulfill({
        status: 409,
        contentType: "application/problem+json",
        body: JSON.stringify({ title: "Not now", status: 409, detail: "Nothing is changed here." }),
      })
    else await route.continue()
  })
  return found
}

/** What would end the walk, or leave the page: it is offered to everybody. */
const LEFT_ALONE = /log out|copy|download|search and commands|light and dark|all keys|^pages$|skip to/i

/** Press all buttons of a page that are there and not disabled, and the last one of each dialog that opens. */
export async function pressEverything(page: Page, url: string): Promise<number> {
  const pressed = new Set<string>()
  for (let next = await unpressed(page, pressed); next; next = await unpressed(page, pressed)) {
    // by the keyboard: nothing that is drawn over it, a tooltip or a switch's thumb, keeps it from being pressed
    await next.press("Space", { timeout: 5000 }).catch(() => null)
    await inDialogs(page, pressed)
    if (page.url().split("?")[0] !== url.split("?")[0]) {
      await page.goto(url)
      await page.locator("main h1").first().waitFor()
      await quiet(page)
    }
  }
  return pressed.size
}

async function unpressed(page: Page, pressed: Set<string>): Promise<Locator | null> {
  const found = await page.evaluate(
    ([left]) => {
      const buttons = [...document.querySelectorAll<HTMLElement>("main button, main [role=switch]")]
      return buttons.map((each) => {
        const box = each.getBoundingClientRect()
        const off = each.matches("[disabled], [aria-disabled=true], [data-disabled]")
        const name = (each.getAttribute("aria-label") ?? each.textContent ?? "")
          .trim()
          .replace(/[0-9a-f]{8}|\d+/g, "0")
        return off || box.width === 0 || new RegExp(left ?? "", "i").test(name) ? null : name
      })
    },
    [LEFT_ALONE.source],
  )
  const at = found.findIndex((name) => name !== null && name !== "" && !pressed.has(name))
  if (at < 0) return null
  pressed.add(found[at] ?? "")
  return page.locator("main button, main [role=switch]").nth(at)
}

async function inDialogs(page: Page, pressed: Set<string>): Promise<void> {
  await quiet(page)
  const menu = page.locator("[role=menuitem]:not([disabled]):not([data-disabled])")
  for (const name of await menu.allTextContents()) {
    const item = page.getByRole("menuitem", { name: name.trim(), exact: true }).first()
    if (pressed.has(`menu ${name}`) || LEFT_ALONE.test(name) || !(await item.isVisible())) continue
    pressed.add(`menu ${name}`)
    await item.click({ timeout: 5000, noWaitAfter: true }).catch(() => null)
    await quiet(page)
    break
  }
  for (let deep = 0; deep < 3; deep += 1) {
    const dialog = page.locator("[role=dialog]").last()
    if ((await dialog.count()) === 0) break
    const last = dialog.locator("button:not([disabled]):not([aria-disabled=true])").last()
    if ((await last.count()) && !LEFT_ALONE.test((await last.textContent()) ?? ""))
      await last.click({ timeout: 5000, noWaitAfter: true }).catch(() => null)
    await quiet(page)
    await page.keyboard.press("Escape")
    await quiet(page)
  }
}

async function quiet(page: Page): Promise<void> {
  await page.evaluate(
    () => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))),
  )
}
