/** What holds of every page: its title, a quiet console, no violation of WCAG AA in either theme, and at 1280 × 720. */
import AxeBuilder from "@axe-core/playwright"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { settled, windows } from "../browser"
import { places } from "../places"
import { BASES, type Base, startAt } from "../servers/bases"
import type { Server } from "../servers/weft"

const open = windows()

describe.each(BASES)("at %s", (base: Base) => {
  let server: Server
  beforeAll(async () => {
    server = await startAt(base)
  })
  afterAll(() => server.stop())

  test("every page has its title, keeps the console quiet and passes axe in both themes", async () => {
    const found = await places(server)
    expect(found.length).toBeGreaterThan(25)
    const wrong: string[] = []
    for (const scheme of ["light", "dark"] as const) {
      const { page, complaints } = await open.visit(server, {
        colorScheme: scheme,
        viewport: { width: 1280, height: 720 },
      })
      const titles = new Map<string, string>()
      for (const { name, path } of found) {
        complaints.length = 0
        await page.goto(new URL(path.replace(/^\//, ""), server.url).href)
        await settled(page)
        const title = await page.title()
        if (!/^.+ · weft$/.test(title)) wrong.push(`${name}: its title is ${JSON.stringify(title)}`)
        const before = titles.get(title)
        if (before !== undefined)
          wrong.push(`${name}: it has the title of ${before}, ${JSON.stringify(title)}`)
        titles.set(title, name)
        const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)
        if (wide > 0) wrong.push(`${name}: it is ${wide} px wider than the window of 1280`)
        const { violations } = await new AxeBuilder({ page })
          .withTags(["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"])
          .analyze()
        for (const each of violations)
          wrong.push(
            `${name}, ${scheme}: ${each.id} (${each.impact}), ${each.nodes.length}×: ${each.nodes[0]?.html.slice(0, 160)}`,
          )
        for (const each of complaints) wrong.push(`${name}, ${scheme}: ${each}`)
      }
    }
    expect(wrong).toEqual([])
  }, 300_000)
})
