/**
 * Pictures of every page in both themes, on the trading example full of real data, for `docs/screenshots`.
 *
 * The scene: 2012 is made; a correction broke one trade, and what hangs on it is held; a backfill runs; a page waits for
 * somebody's yes; the vendor's pool is taken.
 */

import { execFile } from "node:child_process"
import { mkdir, rm, stat } from "node:fs/promises"
import { join } from "node:path"
import { promisify } from "node:util"
import type { Page } from "playwright-core"
import { closeBrowser, settled, visit } from "./browser"
import { type Place, places } from "./places"
import { BAD, correct, SESSION, startTrading } from "./servers/trading"
import { program, REPOSITORY, type Server, weft } from "./servers/weft"

const OUT = join(REPOSITORY, "docs", "screenshots")
const run = promisify(execFile)
const SIZE = { width: 1440, height: 900 }
const PHONE = { width: 390, height: 844 }

interface Shot {
  readonly name: string
  readonly path: string
  /** What is done before the picture: a dialog opened, something typed. */
  readonly act?: (page: Page) => Promise<void>
  readonly phone?: boolean
}

/** Take the pictures; with names, only those. */
export async function takeAll(names: readonly string[]): Promise<void> {
  const server = await startTrading()
  try {
    await setScene(server)
    const shots = [
      ...(await places(server)).map(shotOf),
      ...dialogs(),
      { name: "now-phone", path: "/", phone: true },
    ]
    const wanted = names.length
      ? shots.filter(({ name }) => names.some((each) => name.startsWith(each)))
      : shots
    if (names.length === 0) await rm(OUT, { recursive: true, force: true })
    await mkdir(OUT, { recursive: true })
    for (const scheme of ["light", "dark"] as const) {
      const wide = await visit(server, { viewport: SIZE, colorScheme: scheme, deviceScaleFactor: 1 })
      const narrow = await visit(server, {
        viewport: PHONE,
        colorScheme: scheme,
        isMobile: true,
        hasTouch: true,
      })
      for (const shot of wanted) {
        const { page, complaints } = shot.phone ? narrow : wide
        complaints.length = 0
        await take(server, page, shot, join(OUT, `${shot.name}-${scheme}.png`))
        for (const each of complaints) console.log(`${shot.name}, ${scheme}: ${each.slice(0, 200)}`)
      }
      await wide.context.close()
      await narrow.context.close()
    }
    await squeeze()
  } finally {
    await server.stop()
    await closeBrowser()
  }
}

function shotOf({ name, path }: Place): Shot {
  return { name, path }
}

function dialogs(): Shot[] {
  return [
    {
      name: "palette",
      path: "/",
      act: async (page) => {
        await page.keyboard.press("Control+k")
        await page.keyboard.type("trades")
        await page.getByRole("option").first().waitFor()
      },
    },
    { name: "keys", path: "/", act: (page) => page.keyboard.press("?") },
    {
      name: "repair",
      path: "/",
      act: async (page) => {
        await page.locator("[data-repair]").first().click()
        await page
          .getByRole("dialog")
          .getByRole("button", { name: /^Apply / })
          .waitFor()
      },
    },
    {
      name: "launch",
      path: "/pipelines/monthly_report_flow",
      act: async (page) => {
        await page
          .getByRole("button", { name: /^Run\b/ })
          .first()
          .click()
        await page.getByRole("dialog").waitFor()
      },
    },
  ]
}

async function take(server: Server, page: Page, shot: Shot, file: string): Promise<void> {
  await page.goto(new URL(shot.path.replace(/^\//, ""), server.url).href)
  await settled(page)
  await shot.act?.(page)
  // fonts and canvases draw once more after what they show is there
  await page.evaluate(() => document.fonts.ready)
  await settled(page)
  await page.screenshot({ path: file, animations: "disabled", caret: "hide" })
}

async function setScene(server: Server): Promise<void> {
  const until = async <T>(
    ask: () => Promise<T>,
    good: (found: T) => boolean,
    what: string,
  ): Promise<void> => {
    for (let at = 0; at < 120; at += 1) {
      if (good(await ask())) return
      await new Promise((resolve) => setTimeout(resolve, 250))
    }
    throw new Error(`The scene has no ${what} after 30 s.`)
  }
  const now = () => server.call<{ troubles: { kind: string }[]; people: unknown[] }>("GET", "/now")
  await server.call("POST", "/backfills", {
    name: "monthly_report_dag",
    partitions: "2012-01..2012-08",
    concurrency: 1,
  })
  await correct(server.folder, BAD)
  await until(now, ({ troubles }) => troubles.length > 0, "stale trade")
  await weft(server.folder, ["apply", "monthly_report", "--partitions", "2012-10", "--yes"], 1)
  await until(now, ({ troubles }) => troubles.some(({ kind }) => kind === "failed"), `failure of ${SESSION}`)
  await server.call("POST", "/pipelines/publish_brief/runs", {})
  await until(now, ({ people }) => people.length > 0, "question to a person")
  await server.call("POST", "/plans", { select: "monthly_report", partitions: "2013-01..2013-02" })
  await server.call("PUT", "/pools/vendor", { slots: 0 })
  await server.call("POST", "/pipelines/vendor_watch/runs", {})
}

/** Fewer colours make small files; the pictures are of flat areas and text. */
async function squeeze(): Promise<void> {
  const code = `
import sys
from pathlib import Path
from PIL import Image
for file in Path(sys.argv[1]).glob("*.png"):
    picture = Image.open(file).convert("RGB")
    if file.stat().st_size > 40_000:
        picture.quantize(256, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE).save(file, optimize=True)
`
  try {
    await run(program("python"), ["-c", code, OUT])
  } catch (error) {
    console.log(`The pictures are as the browser made them, since Pillow is not there: ${error}`)
  }
  const { size } = await stat(join(OUT, "now-light.png")).catch(() => ({ size: 0 }))
  console.log(`docs/screenshots is made; now-light.png has ${Math.round(size / 1000)} kB.`)
}
