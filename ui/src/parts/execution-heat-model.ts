/** The partitions of an execution by how they stand in it, as strips draw them. */
import type { Schema } from "@/api/client"
import type { Stretch } from "./partition-strip-window"

export type HeatLine = Schema["ExecutionLineView"]
type State = HeatLine["segments"][number]["state"]

/** For each state of a partition in an execution the word by which strips colour it, and how it is called. */
export const HEAT: Readonly<Record<State, { status: string; label: string }>> = {
  failed: { status: "failed", label: "failed" },
  running: { status: "running", label: "running" },
  left_out: { status: "blocked", label: "left out" },
  cancelled: { status: "cancelled", label: "cancelled" },
  left: { status: "missing", label: "not begun" },
  unchanged: { status: "reused", label: "unchanged" },
  succeeded: { status: "succeeded", label: "succeeded" },
}
const ORDER = Object.keys(HEAT) as State[]

/** The segments of a line as stretches of a strip. */
export function stretchesOfLine(line: HeatLine): Stretch[] {
  return line.segments.map(({ start, stop, state }) => ({ start, stop, status: HEAT[state].status }))
}

/** Lines that have partitions to be drawn, those with most first where not all have room. */
export function drawn(lines: readonly HeatLine[], most = Number.POSITIVE_INFINITY): HeatLine[] {
  const able = lines.filter((line) => line.segments.length > 0)
  if (able.length <= most) return able
  const widest = new Set(
    [...able].sort((a, b) => urgency(a) - urgency(b) || b.total - a.total).slice(0, most),
  )
  return able.filter((line) => widest.has(line))
}

/** Lines in which something failed or runs are never those for which there is no room. */
function urgency({ counts }: HeatLine): number {
  return counts.failed ? 0 : counts.running ? 1 : 2
}

/** How many partitions stand how: `40 succeeded, 2 failed`, what is worst first. */
export function heatSays(counts: HeatLine["counts"]): string {
  return ORDER.filter((state) => counts[state])
    .map((state) => `${(counts[state] ?? 0).toLocaleString("en-GB")} ${HEAT[state].label}`)
    .join(", ")
}

/** A segment in words: `2024-01-03..2024-01-05: failed (3)`. */
export function segmentSays(segment: HeatLine["segments"][number]): string {
  const { first_key: first, last_key: last, state } = segment
  const count = segment.stop - segment.start
  const keys = first === null ? "" : first === last ? first : `${first}..${last}`
  const told = HEAT[state].label + (count > 1 ? ` (${count.toLocaleString("en-GB")})` : "")
  return keys ? `${keys}: ${told}` : told
}

/** What of an execution that has ended was not made, as it could be run again. */
export function unmade(execution: {
  phase: string
  failed: number
  left_out: number
  cancelled: number
}): number {
  return execution.phase === "finished" ? execution.failed + execution.left_out + execution.cancelled : 0
}
