/**
 * How quick the web UI is, in headless Chromium with software rendering: medians of five, beside what they should be.
 *
 * Each is counted from the beginning of the navigation, with a cold page and a server that was asked before, to the
 * second frame after what is meant stands there.
 */
import { existsSync } from "node:fs"
import { readdir, readFile } from "node:fs/promises"
import { loadavg } from "node:os"
import { join } from "node:path"
import { gzipSync } from "node:zlib"
import type { Page } from "playwright-core"
import { closeBrowser, settled, visit } from "./browser"
import { factsOf, startInstallation } from "./servers/installation"
import { startTrading } from "./servers/trading"
import { REPOSITORY, type Server } from "./servers/weft"

interface Line {
  readonly name: string
  readonly unit: "ms" | "kB"
  readonly samples: readonly number[]
  readonly most: number
}

const TIMES = 5

export async function measure(strict: boolean): Promise<void> {
  const lines: Line[] = [await firstPage()]
  await withServer(startTrading(), async (server) => {
    lines.push(await change(server))
  })
  await withServer(startInstallation({ assets: 2000, runs: 1000, log: 0 }), async (server) => {
    lines.push(...(await lineage(server, 2000, 1000)))
  })
  await withServer(startInstallation({ assets: 5000, runs: 100_000, log: 0 }), async (server) => {
    lines.push(await now(server))
  })
  await withServer(startInstallation({}), async (server) => {
    lines.push(...(await lineage(server, 10_000, 2000)), await log(server))
  })
  await closeBrowser()
  const missed = show(lines)
  if (strict && missed) process.exitCode = 1
}

async function withServer(starting: Promise<Server>, use: (server: Server) => Promise<void>): Promise<void> {
  const server = await starting
  try {
    await use(server)
  } finally {
    await server.stop()
  }
}

/** Milliseconds from navigation until `there`, some times, each in a window of its own; the first warms the server. */
async function opened(
  server: Server,
  path: string,
  there: (page: Page) => Promise<unknown>,
): Promise<number[]> {
  const found: number[] = []
  for (let time = 0; time <= TIMES; time += 1) {
    const { page, context } = await visit(server)
    await page.goto(new URL(path, server.url).href, { waitUntil: "commit" })
    await there(page)
    const took = await page.evaluate(
      () =>
        new Promise<number>((resolve) =>
          requestAnimationFrame(() => requestAnimationFrame(() => resolve(performance.now()))),
        ),
    )
    if (time > 0) found.push(took)
    await context.close()
  }
  return found
}

async function now(server: Server): Promise<Line> {
  const samples = await opened(server, "", (page) =>
    page.getByRole("list", { name: "What is wrong, by root cause" }).waitFor(),
  )
  return { name: "Now is painted: 5,000 assets, 100,000 runs", unit: "ms", samples, most: 1000 }
}

async function lineage(server: Server, count: number, most: number): Promise<Line[]> {
  const painted = (page: Page) =>
    page.waitForFunction(() => {
      // something was drawn: the pixels of the picture are not all alike
      const canvas = [...document.querySelectorAll<HTMLCanvasElement>("main canvas")].sort(
        (one, other) => other.width * other.height - one.width * one.height,
      )[0]
      const context = canvas?.getContext("2d")
      if (!canvas || !context || canvas.width === 0) return false
      const { data } = context.getImageData(0, 0, canvas.width, canvas.height)
      const first = data[0]
      let other = 0
      for (let at = 0; at < data.length; at += 4 * 37)
        if (data[at] !== first && data[at + 3] !== 0) other += 1
      return other > 50
    })
  const samples = await opened(server, "lineage?groups=none", painted)
  const { page, context } = await visit(server)
  await page.goto(new URL("lineage?groups=none", server.url).href)
  await painted(page)
  const frames = await pan(page)
  await context.close()
  return [
    { name: `Lineage of ${count.toLocaleString("en-US")} assets is drawn`, unit: "ms", samples, most },
    { name: "  a frame while it is panned, 95th percentile", unit: "ms", samples: frames, most: 50 },
  ]
}

/** Drags the picture about, and answers with the 95th percentile of the frames' times, some times over. */
async function pan(page: Page): Promise<number[]> {
  const box = await page.locator("main canvas").first().boundingBox()
  if (!box) throw new Error("There is no picture to pan.")
  const found: number[] = []
  for (let time = 0; time < TIMES; time += 1) {
    await page.evaluate(() => {
      const state = window as unknown as { frames: number[]; stop: boolean }
      state.frames = []
      state.stop = false
      let before = performance.now()
      const tick = (at: number) => {
        state.frames.push(at - before)
        before = at
        if (!state.stop) requestAnimationFrame(tick)
      }
      requestAnimationFrame(tick)
    })
    await page.mouse.move(box.x + box.width * 0.7, box.y + box.height * 0.6)
    await page.mouse.down()
    await page.mouse.move(box.x + box.width * 0.2, box.y + box.height * 0.3, { steps: 60 })
    await page.mouse.up()
    const frames = await page.evaluate(() => {
      const state = window as unknown as { frames: number[]; stop: boolean }
      state.stop = true
      return state.frames.slice(2)
    })
    frames.sort((one, other) => one - other)
    found.push(frames[Math.floor(frames.length * 0.95)] ?? 0)
  }
  return found
}

async function log(server: Server): Promise<Line> {
  const { run } = factsOf(server).log
  const samples = await opened(server, `runs/${run}?tab=logs`, (page) =>
    page.getByText("read, checked and passed on").first().waitFor(),
  )
  return { name: "A log of 200 MB is open", unit: "ms", samples, most: 1000 }
}

/** From the answer to a change that somebody else made until it stands on the screen. */
async function change(server: Server): Promise<Line> {
  const { page, context } = await visit(server)
  await page.goto(new URL("runs", server.url).href)
  await settled(page)
  const samples: number[] = []
  for (let time = 0; time < TIMES; time += 1) {
    const { id } = await server.call<{ id: string }>("POST", "/pipelines/publish_brief/runs", {})
    const begun = performance.now()
    await page
      .locator(`main a[href*="${id.slice(0, 8)}"]`)
      .first()
      .waitFor()
    samples.push(performance.now() - begun)
  }
  await context.close()
  return { name: "A change is on the screen", unit: "ms", samples, most: 1000 }
}

/** The JavaScript that Now needs, compressed: what the page names, and what that imports at once. */
async function firstPage(): Promise<Line> {
  const built = join(REPOSITORY, "src", "weft", "_ui")
  if (!existsSync(built)) throw new Error("The web UI is not built: `make ui` builds it.")
  const index = await readFile(join(built, "index.html"), "utf8")
  const files = new Map<string, number>()
  const add = async (name: string): Promise<void> => {
    if (files.has(name)) return
    const text = await readFile(join(built, "static", name), "utf8")
    files.set(name, gzipSync(text, { level: 9 }).length)
    for (const [, imported] of text.matchAll(
      /(?:^|[;}\s])import\s*(?:[^"'()]*?from\s*)?["']\.\/([^"']+\.js)["']/g,
    ))
      if (imported) await add(imported)
  }
  for (const [, name] of index.matchAll(/static\/([^"']+\.js)/g)) if (name) await add(name)
  const entries = await readdir(join(built, "static"))
  const page = (
    await Promise.all(
      entries
        .filter((each) => each.endsWith(".js"))
        .map(async (each) => [each, await readFile(join(built, "static", each), "utf8")] as const),
    )
  ).find(([, text]) => text.includes("What is wrong, by root cause"))
  if (page) await add(page[0])
  const size = [...files.values()].reduce((sum, each) => sum + each, 0) / 1000
  return {
    name: `JavaScript of the first page, gzipped (${files.size} files)`,
    unit: "kB",
    samples: [size],
    most: 300,
  }
}

function show(lines: readonly Line[]): boolean {
  const rows = lines.map(({ name, unit, samples, most }) => {
    const sorted = [...samples].sort((one, other) => one - other)
    const median = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
    const range = sorted.length > 1 ? `${Math.round(sorted[0] ?? 0)}–${Math.round(sorted.at(-1) ?? 0)}` : ""
    return { name, median, range, unit, most, missed: !(median <= most) }
  })
  const wide = Math.max(...rows.map((each) => each.name.length))
  console.log(
    `${"".padEnd(wide)}  ${"median".padStart(9)}  ${"range".padStart(11)}  ${"at most".padStart(9)}`,
  )
  for (const { name, median, range, unit, most, missed } of rows)
    console.log(
      `${name.padEnd(wide)}  ${`${Math.round(median)} ${unit}`.padStart(9)}  ${range.padStart(11)}  ${`${most} ${unit}`.padStart(9)}  ${missed ? "missed" : ""}`,
    )
  console.log(
    `\nLoad of the machine at the end: ${loadavg()
      .map((each) => each.toFixed(1))
      .join(" ")}`,
  )
  return rows.some((each) => each.missed)
}
