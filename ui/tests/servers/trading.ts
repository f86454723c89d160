/** The trading example as `make demo` leaves it: 2012 made, broken once and repaired, with what the desk makes of it. */
import { cp, mkdir, mkdtemp, readFile, rm, utimes, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { made } from "./cache"
import { REPOSITORY, type Server, startDev, weft } from "./weft"

const EXAMPLE = join(REPOSITORY, "examples", "trading")
const HEADER = "symbol,date,open,high,low,close,volume,adj_close"
export const SESSION = "2012-10-26"
/** What hangs on the broken trade: its session, and the next one the exchange had, after hurricane Sandy. */
export const NEXT_SESSION = "2012-10-31"
export const GOOD = `IBM,${SESSION},191.49,193.87,191.47,193.28,4006500,165.51`
/** A price that can be read, but is another: what is made from it has another content. */
export const OTHER = GOOD.replace("193.28", "203.28")
export const BAD = GOOD.replace("193.28", "n/a")
const REPORT = ["monthly_report", "--partitions", "2012-01..2012-12"]
const DESK =
  "volatility[2012-01..2012-12|*]; correlations[2012-01..2012-12]; drawdowns[2012-01..2012-12]; " +
  "weekly_moves[2012-01-02..2012-12-24]; league_table[]; morning_brief[]"

/** The story of the demo in a folder, step by step as people would type it. */
async function tell(folder: string): Promise<void> {
  const project = join(folder, "trading")
  await cp(EXAMPLE, project, {
    recursive: true,
    filter: (path) => !/\.weft|__pycache__|corrections/.test(path),
  })
  await weft(project, ["apply", ...REPORT, "--yes"])
  await correct(project, BAD)
  await weft(project, ["materialize", "raw_trades", "--partitions", `${SESSION}|IBM`])
  await weft(project, ["apply", ...REPORT, "--yes"], 1)
  await correct(project, GOOD)
  await weft(project, ["materialize", "raw_trades", "--partitions", `${SESSION}|IBM`])
  await weft(project, ["apply", ...REPORT, "--yes"])
  await weft(project, ["apply", "group:desk", "--partitions", DESK, "--yes"])
  for (const month of ["2012-09", "2012-10", "2012-11"])
    await weft(project, ["run", "monthly_report_dag", "--partition", month])
  await weft(project, ["run", "monthly_report_flow", "--param", "month=2012-10"])
  await weft(project, ["run", "vendor_watch"])
}

/** Deliver a correction, as the vendor would; the sensor `corrections_come` takes it up where a scheduler is. */
export async function correct(project: string, row: string): Promise<void> {
  await mkdir(join(project, "corrections"), { recursive: true })
  const file = join(project, "corrections", `${SESSION}.csv`)
  await writeFile(file, `${HEADER}\n${row}\n`)
  const now = new Date()
  await utimes(file, now, now)
}

/** Deliver a correction to a project that is served, and wait until the sensor has had it read again. */
export async function taken(server: Server, row: string): Promise<void> {
  const done = async () =>
    (
      await server.call<{ items: { outcome: string | null }[] }>("GET", "/runs?pipeline=take_correction")
    ).items.filter((each) => each.outcome === "succeeded").length
  const before = await done()
  await correct(server.folder, row)
  await until("The correction was not read again", async () => (await done()) > before)
}

async function until(otherwise: string, holds: () => Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 30_000; !(await holds()); ) {
    if (Date.now() > end) throw new Error(`${otherwise} within 30 s.`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

/** Write a place of a file of the project anew; it must be there once. */
export async function edit(project: string, name: string, before: string, after: string): Promise<void> {
  const file = join(project, "trading", name)
  const text = await readFile(file, "utf8")
  if (text.split(before).length !== 2) throw new Error(`${name} has ${JSON.stringify(before)} not once`)
  await writeFile(file, text.replace(before, after))
}

/** Change files of the project, and wait until the server has its definitions anew. */
export async function reloaded(server: Server, change: () => Promise<void>): Promise<void> {
  const loaded = async () =>
    (await server.call<{ items: { loaded_at: string | null }[] }>("GET", "/locations")).items[0]?.loaded_at
  const before = await loaded()
  await change()
  await until("The definitions were not loaded anew", async () => (await loaded()) !== before)
}

/** `weft dev` in a copy of its own of the example as the demo leaves it. */
export async function startTrading(options: Parameters<typeof startDev>[1] = {}): Promise<Server> {
  const from = await made("trading", [EXAMPLE, join(REPOSITORY, "src", "weft", "stores")], tell)
  const home = await mkdtemp(join(tmpdir(), "weft-ui-"))
  const project = join(home, "trading")
  await cp(join(from, "trading"), project, { recursive: true })
  const server = await startDev(project, options)
  return {
    ...server,
    async stop() {
      await server.stop()
      await rm(home, { recursive: true, force: true })
    },
  }
}
