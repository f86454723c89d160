/** What axe says of a page: nothing, where it is WCAG AA in either theme. */
import AxeBuilder from "@axe-core/playwright"
import type { Page } from "playwright-core"

const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
/** What the themes differ in is their colours. */
const OF_COLOURS = ["color-contrast", "link-in-text-block"]

/** What axe finds on a page, in the light theme and then, without loading it anew, in the dark one. */
export async function violations(page: Page): Promise<string[]> {
  // all is in one frame, for which axe needs no other page to gather what it found
  const axe = () => new AxeBuilder({ page }).setLegacyMode(true)
  const light = await axe().withTags(RULES).analyze()
  await page.emulateMedia({ colorScheme: "dark" })
  await page.locator("html[data-mantine-color-scheme=dark]").waitFor()
  const dark = await axe().withRules(OF_COLOURS).analyze()
  await page.emulateMedia({ colorScheme: "light" })
  return [light, dark].flatMap((found, at) =>
    found.violations.map(
      (each) => `${at ? "dark: " : ""}${each.id} (${each.impact}): ${each.nodes[0]?.html.slice(0, 140)}`,
    ),
  )
}
