/** The stretch of time that the cloth shows, and where times are on it. */

const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

export interface Span {
  readonly since: number
  readonly until: number
}

/** The narrowest and the widest stretch that can be looked at. */
const NARROWEST = 10 * MINUTE
const WIDEST = 60 * 366 * DAY

/** Zoom by a factor (below 1 comes closer) round a point that stays where it is: 0 is the left edge, 1 the right. */
export function zoomed(span: Span, factor: number, at: number): Span {
  const length = Math.min(WIDEST, Math.max(NARROWEST, (span.until - span.since) * factor))
  const fixed = span.since + (span.until - span.since) * at
  return { since: Math.round(fixed - length * at), until: Math.round(fixed + length * (1 - at)) }
}

/** Move by a part of the length: 1 is a whole window later. */
export function moved(span: Span, by: number): Span {
  const distance = Math.round((span.until - span.since) * by)
  return { since: span.since + distance, until: span.until + distance }
}

/** When a column begins; `columns` itself is the end of the window. */
export function columnStart(span: Span, columns: number, column: number): number {
  return span.since + ((span.until - span.since) * column) / columns
}

const STEPS = [
  MINUTE,
  5 * MINUTE,
  15 * MINUTE,
  HOUR,
  3 * HOUR,
  6 * HOUR,
  12 * HOUR,
  DAY,
  2 * DAY,
  7 * DAY,
  14 * DAY,
] as const

export interface Tick {
  readonly at: number
  readonly label: string
}

/** Marks on the time axis: at most `most`, at whole hours, days, months or years of UTC, as partitions are cut. */
export function ticks(span: Span, most: number): Tick[] {
  const length = span.until - span.since
  const step = STEPS.find((each) => length / each <= most)
  if (step !== undefined) {
    const first = Math.ceil(span.since / step) * step
    const found: Tick[] = []
    for (let at = first; at <= span.until; at += step) found.push({ at, label: label(at, step) })
    return found
  }
  const months =
    [1, 2, 3, 6, 12, 24, 60, 120, 240].find((each) => length / (30.4 * DAY * each) <= most) ?? 240
  const begin = new Date(span.since)
  let month = Math.ceil((begin.getUTCFullYear() * 12 + begin.getUTCMonth()) / months) * months
  const found: Tick[] = []
  for (; ; month += months) {
    const at = Date.UTC(Math.floor(month / 12), month % 12, 1)
    if (at > span.until) return found
    if (at >= span.since) found.push({ at, label: monthLabel(at, months) })
  }
}

const dayFormat = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", timeZone: "UTC" })
const timeFormat = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", timeZone: "UTC" })
const monthFormat = new Intl.DateTimeFormat("en-GB", { month: "short", timeZone: "UTC" })

function label(at: number, step: number): string {
  const date = new Date(at)
  if (step < DAY && at % DAY !== 0) return timeFormat.format(date)
  return dayFormat.format(date)
}

function monthLabel(at: number, months: number): string {
  const date = new Date(at)
  const year = String(date.getUTCFullYear())
  return months >= 12 || date.getUTCMonth() === 0 ? year : monthFormat.format(date)
}

/** A span in words: `2012-10-01 to 2012-10-31` or with times, where it is not of whole days. */
export function spanWords(since: number, until: number): string {
  const whole = since % DAY === 0 && until % DAY === 0
  const write = (at: number) =>
    new Date(at)
      .toISOString()
      .slice(0, whole ? 10 : 16)
      .replace("T", " ")
  if (!whole) return `${write(since)} to ${write(until)} UTC`
  return until - since <= DAY ? write(since) : `${write(since)} to ${write(until - DAY)}`
}
