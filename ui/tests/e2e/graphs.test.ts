/** Graphs: what is seen of them is in the URL, two versions are compared in one, and they are as sharp as the screen. */
import type { Page } from "playwright-core"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { violations } from "../axe"
import { settled } from "../browser"
import { edit, reloaded, startTrading } from "../servers/trading"
import type { Server } from "../servers/weft"
import { windows } from "../windows"

const open = windows()
const PATIENCE = { timeout: 30_000 }
/** Each waits for what it needs; this only ends what would wait for ever. */
const LONG = { timeout: 180_000 }
let server: Server
beforeAll(async () => {
  server = await startTrading({ args: ["--no-scheduler"] })
})
afterAll(() => server?.stop())

const at = (path: string) => new URL(path, server.url).href

/** Where a node stands in the window: its middle, and how wide it is. */
async function placeOf(page: Page, id: string): Promise<{ x: number; y: number; width: number }> {
  const box = await page.locator(`.react-flow__node[data-id="${id}"]`).boundingBox()
  if (!box) throw new Error(`${id} is not to be seen`)
  return {
    x: Math.round(box.x + box.width / 2),
    y: Math.round(box.y + box.height / 2),
    width: Math.round(box.width),
  }
}

/** Drags the picture, from where nothing stands. */
async function drag(page: Page, across: number, down: number): Promise<void> {
  const box = await page.locator(".react-flow").boundingBox()
  if (!box) throw new Error("There is no graph.")
  const [x, y] = [box.x + box.width / 2, box.y + 20]
  await page.mouse.move(x, y)
  await page.mouse.down()
  await page.mouse.move(x + across, y + down, { steps: 6 })
  await page.mouse.up()
}

const cameraOf = (page: Page) => new URL(page.url()).searchParams.get("camera")

describe("what is seen of a graph", LONG, () => {
  test("is in the URL: a link shows the same", async () => {
    const { page } = await open.visit(server)
    await page.goto(at("lineage"))
    await settled(page)
    const id = "asset:daily_metrics"
    const begun = await placeOf(page, id)
    expect(cameraOf(page)).toBeNull()
    await page.getByRole("button", { name: "Nearer" }).click()
    await drag(page, -180, 130)
    await expect.poll(() => cameraOf(page), PATIENCE).not.toBeNull()
    await expect.poll(async () => (await placeOf(page, id)).width, PATIENCE).toBeGreaterThan(begun.width)
    const link = await rested(page)
    const moved = await placeOf(page, id)
    const { page: other } = await open.visit(server)
    await other.goto(link)
    await settled(other)
    await expect.poll(() => near(other, id, moved), PATIENCE).toBe(true)
    await other.getByRole("button", { name: "Show all", exact: true }).click()
    await expect.poll(() => cameraOf(other), PATIENCE).toBeNull()
    await expect.poll(() => near(other, id, begun), PATIENCE).toBe(true)
  })

  test("is there again after going back, and moves take no places in the history", async () => {
    const { page } = await open.visit(server)
    await page.goto(at("assets"))
    await settled(page)
    await page.goto(at("lineage?camera=0.9,0,0,asset:weekly_moves"))
    await settled(page)
    await drag(page, -60, 40)
    await expect.poll(() => cameraOf(page), PATIENCE).not.toBe("0.9,0,0,asset:weekly_moves")
    const link = await rested(page)
    const moved = await placeOf(page, "asset:weekly_moves")
    await page.getByRole("link", { name: "Runs", exact: true }).click()
    await page.getByRole("heading", { name: "Runs", level: 1 }).waitFor()
    await page.goBack()
    await settled(page)
    expect(page.url()).toBe(link)
    await expect.poll(() => near(page, "asset:weekly_moves", moved), PATIENCE).toBe(true)
    await page.goBack()
    await expect.poll(() => new URL(page.url()).pathname.endsWith("/assets"), PATIENCE).toBe(true)
  })

  test("goes with the node that it is nearest to when groups are drawn otherwise", async () => {
    const { page } = await open.visit(server)
    await page.goto(at("lineage?camera=0.9,0,0,asset:weekly_moves"))
    await settled(page)
    const id = "asset:weekly_moves"
    const seen = await placeOf(page, id)
    await page.goto(at("lineage?groups=none&camera=0.9,0,0,asset:weekly_moves"))
    await settled(page)
    await expect.poll(() => near(page, id, seen), PATIENCE).toBe(true)
  })

  test("of a pipeline's steps is in the URL too", async () => {
    const { page } = await open.visit(server)
    await page.goto(at("pipelines/monthly_report_dag?tab=graph&camera=1.2,10,-20,metrics"))
    await settled(page)
    const box = await page.locator(".react-flow").boundingBox()
    if (!box) throw new Error("There is no graph.")
    const wished = {
      x: Math.round(box.x + box.width / 2 - 12),
      y: Math.round(box.y + box.height / 2 + 24),
      width: 269,
    }
    await expect.poll(() => near(page, "metrics", wished), PATIENCE).toBe(true)
  })
})

/** The URL once it changes no more: it is written a moment after the last move. */
async function rested(page: Page): Promise<string> {
  let before = ""
  await expect
    .poll(
      async () => {
        const now = page.url()
        const same = now === before
        before = now
        return same
      },
      { ...PATIENCE, interval: 600 },
    )
    .toBe(true)
  return before
}

/** Whether a node stands at a place, but for what rounding makes of it. */
async function near(
  page: Page,
  id: string,
  place: { x: number; y: number; width: number },
): Promise<boolean> {
  const found = await placeOf(page, id).catch(() => null)
  if (found === null) return false
  return (
    Math.abs(found.x - place.x) <= 3 &&
    Math.abs(found.y - place.y) <= 3 &&
    Math.abs(found.width - place.width) <= 3
  )
}

test("lineage is asked for once, whatever is selected", LONG, async () => {
  const { page } = await open.visit(server)
  const asked: string[] = []
  page.on("request", (request) => {
    if (new URL(request.url()).pathname.endsWith("/api/v1/lineage")) asked.push(request.url())
  })
  for (const query of ["", "?select=group%3Aprices+and+kind%3Ajson", "?focus=daily_metrics&up=1&down=0"]) {
    asked.length = 0
    await page.goto(at(`lineage${query}`))
    await settled(page)
    await page.locator(".react-flow__node").first().waitFor()
    expect(asked).toHaveLength(1)
  }
})

describe("canvases", LONG, () => {
  test("have each pixel of the screen, and a pointer hits what is seen, whatever the screen", async () => {
    const selected: string[] = []
    for (const deviceScaleFactor of [1, 2]) {
      const { page } = await open.visit(server, { deviceScaleFactor, viewport: { width: 1203, height: 811 } })
      await page.goto(at("assets/weekly_moves?tab=partitions"))
      await settled(page)
      const canvas = page.locator("main canvas").first()
      await canvas.waitFor()
      const { width, across, ratio } = await canvas.evaluate((element: HTMLCanvasElement) => ({
        width: element.getBoundingClientRect().width,
        across: element.width,
        ratio: devicePixelRatio,
      }))
      expect(ratio).toBe(deviceScaleFactor)
      expect(Math.abs(across - width * ratio)).toBeLessThanOrEqual(1)
      const box = await canvas.boundingBox()
      if (!box) throw new Error("There is no strip.")
      await page.mouse.move(box.x + box.width * 0.8, box.y + 20)
      await page.mouse.down()
      await page.mouse.move(box.x + box.width * 0.9, box.y + 20, { steps: 6 })
      await page.mouse.up()
      const field = page.getByLabel("Selected partitions")
      await expect.poll(() => field.inputValue(), PATIENCE).toMatch(/^\d{4}-\d\d-\d\d\.\./)
      selected.push(await field.inputValue())
    }
    expect(selected[1]).toBe(selected[0])
  })

  test("take the system's colours where colours are forced", async () => {
    const { page } = await open.visit(server)
    await page.goto(at("assets/processed_trades?tab=partitions"))
    await settled(page)
    const canvas = page.locator("main canvas").first()
    const colours = () =>
      canvas.evaluate((element: HTMLCanvasElement) => {
        const { data } = element.getContext("2d")?.getImageData(0, 0, element.width, element.height) ?? {
          data: [],
        }
        const found = new Map<string, number>()
        for (let place = 0; place < data.length; place += 4 * 7) {
          const [red = 0, green = 0, blue = 0, alpha = 0] = data.slice(place, place + 4)
          if (alpha === 255)
            found.set(`${red} ${green} ${blue}`, (found.get(`${red} ${green} ${blue}`) ?? 0) + 1)
        }
        return [...found].sort((one, other) => other[1] - one[1])[0]?.[0]
      })
    const before = await colours()
    await page.emulateMedia({ forcedColors: "active" })
    await expect.poll(colours, PATIENCE).not.toBe(before)
    await page.emulateMedia({ forcedColors: "none" })
    await expect.poll(colours, PATIENCE).toBe(before)
  })
})

describe("two versions of a pipeline", LONG, () => {
  beforeAll(async () => {
    await reloaded(server, async () => {
      await edit(
        server.folder,
        "as_dag.py",
        "@dag(partitions=months)\n",
        '@task\ndef counted(daily: list[pl.DataFrame]) -> int:\n    """How many rows there are."""\n' +
          "    return sum(len(each) for each in daily)\n\n\n@dag(partitions=months, max_active_runs=3)\n",
      )
    })
    await reloaded(server, () =>
      edit(server.folder, "as_dag.py", "    report(daily)\n", "    counted(daily)\n"),
    )
  })

  test("are drawn in one graph, with what differs marked, listed, and said", async () => {
    const { page } = await open.visit(server)
    await page.goto(at("pipelines/monthly_report_dag?tab=code"))
    await settled(page)
    const node = (task: string) => page.locator(`.react-flow__node[data-id="${task}"]`)
    await node("counted").waitFor()
    const versions = await server.call<{ items: { version: string }[] }>(
      "GET",
      "/definitions/pipeline:monthly_report_dag/versions",
    )
    const first = versions.items.at(-1)?.version ?? ""
    await page.goto(at(`pipelines/monthly_report_dag?tab=code&before=${first}`))
    await settled(page)
    await expect.poll(() => node("counted").getAttribute("aria-label"), PATIENCE).toContain("added")
    expect(await node("report").getAttribute("aria-label")).toContain("removed")
    expect(await node("trades").getAttribute("aria-label")).toContain("the same")
    const legend = page.getByRole("list", { name: "Steps by what became of them" })
    expect(await legend.textContent()).toMatch(/1 added.*1 removed.*4 the same/)
    const list = page.locator("main").getByRole("button", { name: /counted/ })
    expect(await list.allTextContents()).toEqual(["counted", "metrics → countedreads its value"])
    await page.getByText("max active runs").waitFor()
    await page.getByText("return sum(len(each) for each in daily)").first().waitFor()

    expect(await violations(page)).toEqual([])

    // what is picked in the list comes into the middle of the graph, and the URL says so
    await list.first().click()
    await expect.poll(() => new URL(page.url()).searchParams.get("step"), PATIENCE).toBe("counted")
    const middle = async () => {
      const box = await page.locator(".react-flow").boundingBox()
      const { x, y } = await placeOf(page, "counted")
      return box !== null && Math.hypot(x - box.x - box.width / 2, y - box.y - box.height / 2) < 4
    }
    await expect.poll(middle, PATIENCE).toBe(true)
    // also where somebody had moved it meanwhile
    await drag(page, 90, 60)
    await expect.poll(() => cameraOf(page), PATIENCE).not.toBeNull()
    await rested(page)
    await page
      .locator("main")
      .getByRole("button", { name: /^removed report/ })
      .click()
    await expect.poll(() => cameraOf(page), PATIENCE).toBeNull()
    await list.first().click()
    await expect.poll(middle, PATIENCE).toBe(true)
  })
})
