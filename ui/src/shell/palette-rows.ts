/** What the palette shows for what was typed: objects that the server found, and commands. */
import type { Schema } from "@/api/client"
import type { Command } from "./commands"
import { assetPath, executionPath, pipelinePath, runPath, schedulePath } from "./links"

export type Hit = Schema["SearchHitView"]

export interface Row {
  readonly id: string
  readonly title: string
  readonly note: string
  readonly group: string
  readonly keys?: string
  /** The page that it leads to; a command has none. */
  readonly path?: string
  readonly run?: () => void
  /** A state, where its mark stands before it. */
  readonly state?: string
}

/** What the first letter restricts to: `>` commands, `@` assets, `#` runs. */
export type Scope = "all" | "commands" | "assets" | "runs"

const SCOPES: Readonly<Record<string, Scope>> = { ">": "commands", "@": "assets", "#": "runs" }

/** What was typed, without the letter that restricts it. */
export function asked(typed: string): { scope: Scope; text: string } {
  const scope = SCOPES[typed[0] ?? ""]
  return scope ? { scope, text: typed.slice(1).trim() } : { scope: "all", text: typed.trim() }
}

const PATHS: Readonly<Record<string, (hit: Hit) => string>> = {
  asset: (hit) => assetPath(hit.name),
  pipeline: (hit) => pipelinePath(hit.name),
  job: (hit) => pipelinePath(hit.name),
  run: (hit) => runPath(hit.id.replace(/^run:/, "")),
  failure: (hit) => failurePath(hit),
  automation: (hit) => schedulePath(hit.name),
  schedule: (hit) => schedulePath(hit.name),
  sensor: (hit) => schedulePath(hit.name),
  execution: (hit) => executionPath(hit.id.replace(/^execution:/, "")),
  location: () => "/workers",
}

/** The line of the log that a failure is at. */
function failurePath(hit: Hit): string {
  return runPath(hit.run ?? "", {
    tab: "logs",
    step: hit.step ?? undefined,
    partition: hit.partition ?? undefined,
    log: hit.log ?? undefined,
    line: hit.line ?? undefined,
  })
}

const GROUPS: Readonly<Record<string, string>> = {
  asset: "Assets",
  pipeline: "Pipelines",
  job: "Jobs",
  run: "Runs",
  failure: "Failures: the log, at the error",
  automation: "Schedules and sensors",
  location: "Locations",
}

/** What the server found, as rows; kinds that have no page are left out, and the same failure is there once. */
export function rowsOf(hits: readonly Hit[]): Row[] {
  const rows: Row[] = []
  const failures = new Map<string, { at: number; count: number }>()
  for (const hit of hits) {
    const path = PATHS[hit.kind]?.(hit)
    if (path === undefined) continue
    const failed = hit.kind === "failure"
    const same = failed ? failures.get(`${hit.name}\n${hit.detail}`) : undefined
    if (same !== undefined) {
      same.count += 1
      rows[same.at] = { ...(rows[same.at] as Row), note: `${hit.detail}, the last of ${same.count}` }
      continue
    }
    if (failed) failures.set(`${hit.name}\n${hit.detail}`, { at: rows.length, count: 1 })
    rows.push({
      id: hit.id,
      title: hit.name,
      note: hit.detail,
      group: GROUPS[hit.kind] ?? hit.kind,
      path,
      ...(failed ? { state: "failed" } : {}),
    })
  }
  return rows
}

/** The rows of an answer to other words that fit what is typed by now; the new answer is on its way. */
export function still(rows: readonly Row[], text: string): Row[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean)
  return rows.filter((row) => {
    const shown = `${row.title} ${row.note}`.toLowerCase()
    return words.every((word) => shown.includes(word))
  })
}

/** Commands whose words have every word that was typed, the nearest first. */
export function matching(commands: readonly Command[], text: string): Row[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean)
  return commands
    .filter((command) => command.id !== "palette")
    .map((command) => ({
      command,
      near: nearness(`${command.title} ${command.group} ${command.words ?? ""}`, words),
    }))
    .filter(({ near }) => near > 0)
    .sort((one, other) => other.near - one.near)
    .map(({ command }) => ({
      id: command.id,
      title: command.group === "Go to" ? `Go to ${command.title}` : command.title,
      note: command.group === "Go to" ? "" : command.group,
      group: "Commands",
      keys: command.keys,
      run: command.run,
    }))
}

/** 0 where a word is missing; more where words stand at the beginning of others. */
function nearness(text: string, words: readonly string[]): number {
  const where = text.toLowerCase()
  let near = 1
  for (const word of words) {
    const at = where.indexOf(word)
    if (at < 0) return 0
    near += at === 0 ? 3 : /\s/.test(where[at - 1] ?? "") ? 2 : 0
  }
  return near
}

/** Rows under their groups, in the order in which the groups first come; commands come last unless they alone count. */
export function grouped(rows: readonly Row[]): ReadonlyArray<readonly [group: string, rows: readonly Row[]]> {
  const groups = new Map<string, Row[]>()
  for (const row of rows) groups.set(row.group, [...(groups.get(row.group) ?? []), row])
  return [...groups]
}

const RECENT = "weft-recent"
const KEPT = 8

/** What was opened last from the palette, the newest first. */
export function recent(): Row[] {
  try {
    const rows: unknown = JSON.parse(localStorage.getItem(RECENT) ?? "[]")
    return Array.isArray(rows) ? (rows as Row[]).filter((row) => typeof row?.path === "string") : []
  } catch {
    // what another version wrote
    return []
  }
}

export function remember(row: Row): void {
  if (row.path === undefined || row.state !== undefined) return
  const kept = recent().filter((each) => each.path !== row.path)
  const { id, title, note, path } = row
  localStorage.setItem(
    RECENT,
    JSON.stringify([{ id, title, note, path, group: "Recent" }, ...kept].slice(0, KEPT)),
  )
}
