/**
 * Time as a place on the axis. Long stretches in which nothing ran (a retry a day later, a person who is asked) can be
 * folded, so that they don't squeeze what did run.
 */

export interface Stretch {
  readonly from: number
  readonly to: number
}

export interface Piece extends Stretch {
  /** Its begin and end on the axis, in milliseconds of what is not folded. */
  readonly at: number
  readonly end: number
  readonly folded: boolean
}

export interface Axis {
  readonly pieces: readonly Piece[]
  readonly from: number
  readonly to: number
  /** How long the axis is, in its own milliseconds. */
  readonly length: number
}

/** A gap is folded when it takes more than this part of the axis. */
const GAP_PART = 0.3
/** Shorter gaps (in milliseconds) are no trouble to see. */
const GAP_LEAST = 10_000
/** How much of the axis a folded gap takes. */
const FOLDED_PART = 0.03

/** The axis from `from` to `to`, on which something happens in `busy`. */
export function axisOf(from: number, to: number, busy: readonly Stretch[], fold: boolean): Axis {
  const end = Math.max(to, from + 1)
  const gaps = fold ? gapsOf(from, end, busy) : []
  const kept = end - from - gaps.reduce((sum, each) => sum + each.to - each.from, 0)
  const short = Math.max(kept, 1) * FOLDED_PART
  const pieces: Piece[] = []
  let [time, at] = [from, 0]
  const push = (until: number, length: number, folded: boolean) => {
    if (until <= time) return
    pieces.push({ from: time, to: until, at, end: at + length, folded })
    time = until
    at += length
  }
  for (const gap of gaps) {
    push(gap.from, gap.from - time, false)
    push(gap.to, short, true)
  }
  push(end, end - time, false)
  return { pieces, from, to: end, length: at }
}

/** The gaps that are worth folding, in order. */
export function gapsOf(from: number, to: number, busy: readonly Stretch[]): Stretch[] {
  const gaps: Stretch[] = []
  let reached = from
  for (const each of busy.toSorted((a, b) => a.from - b.from)) {
    if (each.from > reached) gaps.push({ from: reached, to: Math.min(each.from, to) })
    reached = Math.max(reached, each.to)
  }
  if (reached < to) gaps.push({ from: reached, to })
  // the longest first: what is left becomes shorter with each, so that a smaller one may be worth folding too
  let left = to - from
  const folded: Stretch[] = []
  for (const gap of gaps.toSorted((a, b) => b.to - b.from - (a.to - a.from))) {
    const length = gap.to - gap.from
    if (length < left * GAP_PART || length < GAP_LEAST) break
    folded.push(gap)
    left -= length
  }
  return folded.sort((a, b) => a.from - b.from)
}

/** Where a time is on the axis. */
export function placeOf(axis: Axis, time: number): number {
  const piece = axis.pieces.find((each) => time <= each.to) ?? axis.pieces.at(-1)
  if (piece === undefined) return 0
  if (time < piece.from) return piece.at
  const part = Math.min(1, (time - piece.from) / Math.max(1e-9, piece.to - piece.from))
  return piece.at + part * (piece.end - piece.at)
}

/** The time of a place on the axis. */
export function timeAt(axis: Axis, place: number): number {
  const piece = axis.pieces.find((each) => place <= each.end) ?? axis.pieces.at(-1)
  if (piece === undefined) return axis.from
  const part = Math.min(1, Math.max(0, (place - piece.at) / Math.max(1e-9, piece.end - piece.at)))
  return piece.from + part * (piece.to - piece.from)
}

const STEPS = [
  1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 15_000, 30_000, 60_000, 120_000, 300_000,
  600_000, 900_000, 1_800_000, 3_600_000, 7_200_000, 10_800_000, 21_600_000, 43_200_000, 86_400_000,
  172_800_000, 604_800_000,
]

export interface Tick {
  readonly place: number
  /** Milliseconds since the run began. */
  readonly since: number
}

/** Round times since `origin` in a window of the axis, at most `most` of them; none within a folded gap. */
export function ticksOf(axis: Axis, origin: number, from: number, to: number, most: number): Tick[] {
  const step =
    STEPS.find((each) => (to - from) / each <= most) ??
    604_800_000 * Math.ceil((to - from) / 604_800_000 / most)
  const found: Tick[] = []
  for (const piece of axis.pieces) {
    if (piece.folded || piece.end < from || piece.at > to) continue
    const [begin, end] = [timeAt(axis, Math.max(from, piece.at)), timeAt(axis, Math.min(to, piece.end))]
    for (let since = Math.ceil((begin - origin) / step) * step; since <= end - origin; since += step)
      found.push({ place: placeOf(axis, origin + since), since })
  }
  return found
}

/** A time since the beginning, as short as the step between ticks allows. */
export function sinceWords(since: number): string {
  const sign = since < 0 ? "−" : ""
  const ms = Math.abs(Math.round(since))
  if (ms === 0) return "0"
  if (ms < 1000) return `${sign}${ms} ms`
  if (ms < 60_000) return `${sign}${+(ms / 1000).toFixed(2)} s`
  const two = (value: number) => String(Math.floor(value)).padStart(2, "0")
  if (ms < 3_600_000) return `${sign}${Math.floor(ms / 60_000)}:${two((ms / 1000) % 60)}`
  if (ms < 86_400_000) return `${sign}${Math.floor(ms / 3_600_000)} h ${two((ms / 60_000) % 60)}`
  const hours = Math.floor((ms / 3_600_000) % 24)
  return `${sign}${Math.floor(ms / 86_400_000)} d${hours ? ` ${hours} h` : ""}`
}
