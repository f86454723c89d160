/**
 * What holds of every page: a title of its own, a quiet console, no sideways scrolling at 1280 × 720, no violation of
 * WCAG AA in either theme. Under a path the same but for axe, since there the page is the same.
 */
import AxeBuilder from "@axe-core/playwright"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { settled } from "../browser"
import { type Place, places } from "../places"
import { BASES, type Base, startAt } from "../servers/bases"
import type { Server } from "../servers/weft"
import { windows } from "../windows"

const open = windows()
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]

describe.each(BASES)("at %s", (base: Base) => {
  let server: Server
  let all: readonly Place[]
  beforeAll(async () => {
    server = await startAt(base)
    all = await places(server)
  })
  afterAll(() => server?.stop())

  test.each(["light", "dark"] as const)(
    "every page is as pages are, %s",
    async (scheme) => {
      const wrong = new Findings()
      const { page, complaints } = await open.visit(server, {
        colorScheme: scheme,
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
        if (before !== undefined && before !== thing)
          wrong.add(name, `it has the title of ${before}, ${title}`)
        titles.set(title, thing)
        const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)
        if (wide > 0) wrong.add(name, `it is ${wide} px wider than the window`)
        if (base === "/") {
          // what the themes differ in is their colours
          const asked = new AxeBuilder({ page })
          const { violations } = await (scheme === "light"
            ? asked.withTags(RULES)
            : asked.withRules(["color-contrast", "link-in-text-block"])
          ).analyze()
          for (const each of violations)
            wrong.add(name, `${each.id} (${each.impact}): ${each.nodes[0]?.html.slice(0, 140)}`)
        }
        for (const each of complaints) wrong.add(name, each.slice(0, 200))
      }
      expect(wrong.told()).toEqual([])
    },
    240_000,
  )
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
