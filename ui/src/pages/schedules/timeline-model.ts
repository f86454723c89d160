/** What is on the timeline: decisions with what came of them, ticks to come, and the scale of time. */
import type { Schema } from "@/api/client"
import { absolute } from "@/parts/clock"
import { runState } from "@/theme/states"
import { decisionOf } from "./words"

export interface Span {
  /** Milliseconds since the epoch. */
  readonly from: number
  readonly to: number
}

export interface Mark {
  /** The id of what asked. */
  readonly automation: string
  readonly at: number
  readonly state: string
  /** What happened or will, in words. */
  readonly says: string
  readonly future: boolean
  readonly run: string | null
  /** How many ticks it stands for: those that were missed are one decision. */
  readonly count: number
}

const HOUR = 3_600_000
const SHORTEST = 5 * 60_000
const LONGEST = 400 * 24 * HOUR

/** What is shown where the address does not say: six hours back, twelve ahead. */
export function around(now: number): Span {
  const minute = Math.floor(now / 60_000) * 60_000
  return { from: minute - 6 * HOUR, to: minute + 12 * HOUR }
}

/** Zoomed by a factor about a point of time, within what can be drawn. */
export function zoomed(span: Span, factor: number, about: number): Span {
  const width = Math.min(LONGEST, Math.max(SHORTEST, (span.to - span.from) * factor))
  const share = (about - span.from) / (span.to - span.from)
  const from = about - share * width
  return { from, to: from + width }
}

/** A span that stays the same while one pans and zooms a little, so that it is asked for once. */
export function asked(span: Span): Span {
  const width = span.to - span.from
  const step = 2 ** Math.ceil(Math.log2(width / HOUR)) * HOUR
  return { from: Math.floor(span.from / step) * step, to: Math.ceil(span.to / step) * step }
}

/** Decisions or runs, newest first, so many at most: where there are as many, older ones may be left out. */
interface Some<Item> {
  readonly items: readonly Item[]
  readonly most: number
}

/** Before when not all decisions or runs are known that the span asks for; null where none are left out. */
export function pastCut(
  history: Some<{ readonly at: string }>,
  runs: Some<{ readonly created_at: string | null }>,
  from: number,
): number | null {
  const begins = [
    history.items.length >= history.most ? history.items.at(-1)?.at : null,
    runs.items.length >= runs.most ? runs.items.at(-1)?.created_at : null,
  ]
  const cuts = begins.flatMap((at) => (at ? [Date.parse(at)] : [])).filter((at) => at > from)
  return cuts.length > 0 ? Math.max(...cuts) : null
}

/** How the API says that what would be due is not, since it is paused. */
const PAUSED = /it is paused$/

/** All marks, in order of time. A decision that started runs shows what came of the first of them. */
export function marksOf(
  history: readonly Schema["TickView"][],
  runs: readonly Schema["RunView"][],
  upcoming: readonly Schema["NextTickView"][],
): readonly Mark[] {
  const outcomes = new Map(runs.map((run) => [run.id, run]))
  const told = new Set<string>()
  const marks: Mark[] = []
  for (const tick of history) {
    const first = tick.runs[0]
    const run = first ? outcomes.get(first) : undefined
    for (const each of tick.runs) told.add(each)
    const decision = decisionOf(tick.decision)
    marks.push({
      automation: `schedule:${tick.schedule}`,
      at: Date.parse(tick.due),
      state: run ? runState(run) : decision.state,
      says: [
        tick.count > 1 ? `${tick.count} ${decision.word}` : decision.word,
        run && `run ${runState(run)}`,
        tick.reason,
      ]
        .filter(Boolean)
        .join(", "),
      future: false,
      run: first ?? null,
      count: tick.count,
    })
  }
  for (const run of runs) {
    if (!run.automation || told.has(run.id)) continue
    marks.push({
      automation: run.automation,
      at: Date.parse(run.created_at),
      state: runState(run),
      says: `run ${runState(run)}`,
      future: false,
      run: run.id,
      count: 1,
    })
  }
  for (const tick of upcoming) {
    const started = tick.decision === "started"
    marks.push({
      automation: `schedule:${tick.schedule}`,
      at: Date.parse(tick.at),
      state: tick.problem
        ? "failed"
        : started
          ? PAUSED.test(tick.reason)
            ? "paused"
            : "scheduled"
          : "skipped",
      says:
        tick.problem ||
        (started
          ? [`will start ${tick.partitions?.slice(0, 2).join(", ") ?? ""}`.trim(), tick.reason]
              .filter(Boolean)
              .join(", ")
          : `will be ${tick.decision}${tick.reason ? `: ${tick.reason}` : ""}`),
      future: true,
      run: null,
      count: Math.max(1, tick.count),
    })
  }
  return marks.toSorted((one, other) => one.at - other.at)
}

/** How many start in each of `columns` equal pieces of a span: where many do at once, they collide. */
export function density(marks: readonly Mark[], span: Span, columns: number): Uint32Array {
  const counts = new Uint32Array(Math.max(1, columns))
  for (const mark of marks) {
    if (mark.state === "skipped" || mark.state === "paused" || mark.at < span.from || mark.at >= span.to)
      continue
    const column = Math.floor(((mark.at - span.from) / (span.to - span.from)) * counts.length)
    counts[column] = (counts[column] ?? 0) + 1
  }
  return counts
}

const MINUTE = 60_000
const DAY = 24 * HOUR
const STEPS = [
  MINUTE,
  5 * MINUTE,
  15 * MINUTE,
  30 * MINUTE,
  HOUR,
  2 * HOUR,
  3 * HOUR,
  6 * HOUR,
  12 * HOUR,
  DAY,
  2 * DAY,
  7 * DAY,
  14 * DAY,
  28 * DAY,
]

/** The time of the wall in a zone, as if it were UTC. */
export function wall(at: number, zone: string): number {
  return Date.parse(`${absolute(new Date(at), zone, "second").replace(" ", "T")}Z`)
}

export interface AxisLabel {
  readonly at: number
  readonly text: string
  readonly day: boolean
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

/** Round times of a zone with room between them for their labels. */
export function axis(span: Span, width: number, zone: string): readonly AxisLabel[] {
  const most = Math.max(2, width / 74)
  const step = STEPS.find((each) => (span.to - span.from) / each <= most) ?? 56 * DAY
  const labels: AxisLabel[] = []
  const shift = wall(span.from, zone) - Math.floor(span.from / 1000) * 1000
  const first = Math.ceil((span.from + shift) / step) * step
  for (let local = first; local <= span.to + shift; local += step) {
    // where a zone's clock was changed within the span, the shift at that time counts
    const at = local - (wall(local - shift, zone) - Math.floor((local - shift) / 1000) * 1000)
    const date = new Date(local)
    const day = local % DAY === 0
    const text = day
      ? `${date.getUTCDate()} ${MONTHS[date.getUTCMonth()]}`
      : `${String(date.getUTCHours()).padStart(2, "0")}:${String(date.getUTCMinutes()).padStart(2, "0")}`
    labels.push({ at, text, day })
  }
  return labels
}
