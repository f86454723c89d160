/** What the page of a run has in its URL. */
import type { Schema } from "@/api/client"
import { selected } from "@/parts/plan-words"
import { flag, list, oneOf, text } from "@/shell/url-state"

export type Run = Schema["RunNow"]

export const TABS = ["timeline", "graph", "logs", "values", "artifacts", "events", "code", "details"] as const
export type Tab = (typeof TABS)[number]

export const FIELDS = {
  tab: oneOf(TABS, "timeline"),
  step: text(),
  item: text(),
  partition: text(),
  log: text(),
  line: text(),
  find: text(),
  level: text(),
  only: flag(),
  wrap: flag(),
  /** The lines of the timeline that are opened. */
  open: list(),
  /** The window of the timeline in parts of it: `0.2-0.5`. */
  zoom: text(),
  /** Gaps in the timeline are shown as long as they are. */
  gaps: flag(),
  /** The timeline as a table. */
  table: flag(),
  artifact: text(),
}

export interface RunPageState {
  readonly tab: Tab
  readonly step: string
  readonly item: string
  readonly partition: string
  readonly log: string
  readonly line: string
  readonly find: string
  readonly level: string
  readonly only: boolean
  readonly wrap: boolean
  readonly open: readonly string[]
  readonly zoom: string
  readonly gaps: boolean
  readonly table: boolean
  readonly artifact: string
}

export interface TabProps {
  readonly run: Run
  readonly state: RunPageState
  readonly set: (change: Partial<RunPageState>, options?: { push?: boolean }) => void
}

export function isLive(run: Pick<Run, "phase">): boolean {
  return run.phase !== "finished"
}

export function titleOf(run: Pick<Run, "pipeline" | "selection" | "id">): string {
  return run.pipeline ?? (run.selection && selected(run.selection)) ?? `run ${run.id.slice(0, 8)}`
}

export function readZoom(zoom: string): readonly [number, number] | null {
  const [from, to] = zoom.split("-").map(Number)
  return from !== undefined && to !== undefined && to > from && from >= 0 && to <= 1 ? [from, to] : null
}

export function writeZoom(zoom: readonly [number, number] | null): string {
  return zoom === null ? "" : zoom.map((each) => Number(each.toFixed(5))).join("-")
}
