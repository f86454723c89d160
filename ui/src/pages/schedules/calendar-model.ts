/** Days, weeks and months, and what falls on them in a zone. Days are written as `2026-11-20`. */
import { absolute } from "@/parts/clock"
import { MONTHS } from "@/parts/cron-words"
import { WORST_FIRST } from "@/theme/states"
import type { Mark } from "./timeline-model"

export type CalendarSpan = "month" | "week" | "day"

const DAY = 86_400_000

const utc = (day: string) => Date.parse(`${day}T00:00:00Z`)
const written = (at: number) => new Date(at).toISOString().slice(0, 10)
/** From Monday, 0, to Sunday, 6. */
const weekday = (at: number) => (new Date(at).getUTCDay() + 6) % 7

/** The day of a time in a zone. */
export function dayOf(at: number, zone: string): string {
  return absolute(new Date(at), zone, "day")
}

/** The days that are shown about a day: it, its week from Monday, or the weeks of its month. */
export function daysOf(span: CalendarSpan, day: string): readonly string[] {
  if (span === "day") return [day]
  const at = utc(day)
  if (span === "week") return Array.from({ length: 7 }, (_, each) => written(at + (each - weekday(at)) * DAY))
  const first = utc(`${day.slice(0, 7)}-01`)
  const next = utc(shifted("month", `${day.slice(0, 7)}-01`, 1))
  const start = first - weekday(first) * DAY
  const weeks = Math.ceil((next - start) / (7 * DAY))
  return Array.from({ length: weeks * 7 }, (_, each) => written(start + each * DAY))
}

/** The same day a span before or after; of a month its first. */
export function shifted(span: CalendarSpan, day: string, by: number): string {
  if (span !== "month") return written(utc(day) + by * DAY * (span === "week" ? 7 : 1))
  const date = new Date(utc(`${day.slice(0, 7)}-01`))
  date.setUTCMonth(date.getUTCMonth() + by)
  return written(date.getTime())
}

export function titleOf(span: CalendarSpan, day: string): string {
  const date = new Date(utc(day))
  const month = `${MONTHS[date.getUTCMonth()]} ${date.getUTCFullYear()}`
  if (span === "month") return month
  if (span === "day") return `${date.getUTCDate()} ${month}`
  const [first = day] = daysOf("week", day)
  const monday = new Date(utc(first))
  return `Week of ${monday.getUTCDate()} ${MONTHS[monday.getUTCMonth()]} ${monday.getUTCFullYear()}`
}

export interface Line {
  readonly automation: string
  /** The worst of its marks that day. */
  readonly state: string
  /** `18:30`, or how often. */
  readonly times: string
  readonly says: string
}

export interface Cell {
  readonly key: string
  readonly day: string
  readonly title: string
  readonly total: number
  readonly lines: readonly Line[]
}

/** What falls on each day, or, of one day, on each hour in which something does. */
export function cellsOf(
  marks: readonly Mark[],
  days: readonly string[],
  span: CalendarSpan,
  zone: string,
): readonly Cell[] {
  const byCell = new Map<string, Mark[]>()
  const wanted = new Set(days)
  for (const mark of marks) {
    const text = absolute(new Date(mark.at), zone, "minute")
    if (!wanted.has(text.slice(0, 10))) continue
    const key = span === "day" ? text.slice(0, 13) : text.slice(0, 10)
    const before = byCell.get(key)
    if (before) before.push(mark)
    else byCell.set(key, [mark])
  }
  if (span === "day") {
    const [day = ""] = days
    return Array.from({ length: 24 }, (_, hour) => {
      const title = `${String(hour).padStart(2, "0")}:00`
      const key = `${day} ${title.slice(0, 2)}`
      return cellOf(key, day, title, byCell.get(key) ?? [], zone)
    })
  }
  return days.map((day) => cellOf(day, day, String(Number(day.slice(8))), byCell.get(day) ?? [], zone))
}

function cellOf(key: string, day: string, title: string, marks: readonly Mark[], zone: string): Cell {
  const byAutomation = new Map<string, Mark[]>()
  for (const mark of marks) {
    const before = byAutomation.get(mark.automation)
    if (before) before.push(mark)
    else byAutomation.set(mark.automation, [mark])
  }
  const lines = [...byAutomation].map(([automation, own]) => lineOf(automation, own, zone))
  return {
    key,
    day,
    title,
    total: marks.reduce((sum, each) => sum + (each.state === "paused" ? 0 : each.count), 0),
    // what comes seldom is what a calendar is looked at for
    lines: lines.toSorted((one, other) => one.count - other.count).map(({ count: _, ...line }) => line),
  }
}

function lineOf(automation: string, marks: readonly Mark[], zone: string): Line & { count: number } {
  const count = marks.reduce((sum, each) => sum + each.count, 0)
  const state =
    marks.map((each) => each.state).toSorted((one, other) => rank(one) - rank(other))[0] ?? "unknown"
  const at = marks[0]?.at ?? 0
  const times = count === 1 ? absolute(new Date(at), zone, "minute").slice(11) : `${count}×`
  return {
    automation,
    state,
    times,
    says: [...new Set(marks.map((each) => each.says))].slice(0, 3).join("; "),
    count,
  }
}

function rank(state: string): number {
  const at = (WORST_FIRST as readonly string[]).indexOf(state)
  return at < 0 ? WORST_FIRST.length : at
}
