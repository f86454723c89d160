/**
 * What holds of every page: a title of its own, a quiet console, no sideways scrolling at 1280 × 720, no violation of
 * WCAG AA in either theme. Under a path they are the same pages, so that there it is enough that they come at all.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { violations } from "../axe"
import { settled } from "../browser"
import { type Place, places } from "../places"
import { BASES, type Base, startAt } from "../servers/bases"
import type { Server } from "../servers/weft"
import { windows } from "../windows"

const open = windows()

describe.each(BASES)("at %s", (base: Base) => {
  let server: Server
  let all: readonly Place[]
  beforeAll(async () => {
    server = await startAt(base)
    all = await places(server)
  })
  afterAll(() => server?.stop())

  test("every page is as pages are", async () => {
    const wrong = new Findings()
    const { page, complaints } = await open.visit(server, {
      colorScheme: "light",
      viewport: { width: 1280, height: 720 },
    })
    const titles = new Map<string, string>()
    for (const { name, path } of all) {
      complaints.length = 0
      await page.goto(new URL(path.replace(/^\//, ""), server.url).href)
      await settled(page)
      const title = await page.title()
      if (!/^.+ · weft$/.test(title)) wrong.add(name, `its title is ${JSON.stringify(title)}`)
      const thing = name.replace(/-.*/, "")
      const before = titles.get(title)
      if (before !== undefined && before !== thing) wrong.add(name, `it has the title of ${before}, ${title}`)
      titles.set(title, thing)
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)
      if (wide > 0) wrong.add(name, `it is ${wide} px wider than the window`)
      if (base === "/") for (const each of await violations(page)) wrong.add(name, each)
      for (const each of complaints) wrong.add(name, each.slice(0, 200))
    }
    expect(wrong.told().join("\n")).toBe("")
  }, 300_000)
})

/** What is wrong, with the pages on which it is: one line for each, since most is wrong everywhere or nowhere. */
class Findings {
  private readonly pages = new Map<string, string[]>()

  add(page: string, what: string): void {
    const known = this.pages.get(what)
    if (known) known.push(page)
    else this.pages.set(what, [page])
  }

  told(): string[] {
    return [...this.pages].map(([what, pages]) =>
      pages.length > 4
        ? `${what} – on ${pages.length} pages, as ${pages[0]}`
        : `${what} – on ${pages.join(", ")}`,
    )
  }
}
