/** Which part of a strip is looked at, and how it is gathered into pixels. */
import { WORST_FIRST } from "@/theme/states"

/** `start` and `stop` are ordinals, not always whole ones while it is zoomed. */
export interface Window {
  readonly start: number
  readonly stop: number
}

/** A stretch of one status; `counts` where it has others too. */
export interface Stretch {
  readonly start: number
  readonly stop: number
  readonly status: string
}

/** The fewest partitions that fill a strip. */
const FEWEST = 6

/** A window inside of the whole, not narrower than a few partitions. */
export function clamped(window: Window, whole: Window): Window {
  const all = whole.stop - whole.start
  const length = Math.min(all, Math.max(Math.min(FEWEST, all), window.stop - window.start))
  const start = Math.min(Math.max(window.start, whole.start), whole.stop - length)
  return { start, stop: start + length }
}

/** Zoom by a factor (below 1 comes closer) round a point that stays where it is: 0 is the left edge, 1 the right. */
export function zoomed(window: Window, factor: number, at: number, whole: Window): Window {
  const fixed = window.start + (window.stop - window.start) * at
  const all = whole.stop - whole.start
  const length = Math.min(all, Math.max(Math.min(FEWEST, all), (window.stop - window.start) * factor))
  return clamped({ start: fixed - length * at, stop: fixed + length * (1 - at) }, whole)
}

/** Move by a part of its length. */
export function moved(window: Window, by: number, whole: Window): Window {
  const distance = (window.stop - window.start) * by
  return clamped({ start: window.start + distance, stop: window.stop + distance }, whole)
}

/** Move just so far that an ordinal is inside. */
export function showing(window: Window, ordinal: number, whole: Window): Window {
  const length = window.stop - window.start
  if (ordinal < window.start) return clamped({ start: ordinal, stop: ordinal + length }, whole)
  if (ordinal + 1 > window.stop) return clamped({ start: ordinal + 1 - length, stop: ordinal + 1 }, whole)
  return window
}

/** The ordinal under a pixel. */
export function ordinalAt(x: number, width: number, window: Window): number {
  const at = Math.floor(window.start + (x / Math.max(1, width)) * (window.stop - window.start))
  return Math.min(Math.max(at, Math.floor(window.start)), Math.max(0, Math.ceil(window.stop) - 1))
}

/** Where an ordinal begins, in pixels. */
export function pixelOf(ordinal: number, width: number, window: Window): number {
  return ((ordinal - window.start) / (window.stop - window.start)) * width
}

const urgency = new Map<string, number>(WORST_FIRST.map((word, place) => [word, place]))

function worse(a: string, b: string): boolean {
  return (urgency.get(a) ?? 99) < (urgency.get(b) ?? 99)
}

/**
 * Stretches as at most `columns` columns, each with the most urgent status in it, neighbours that are alike as one.
 * A single failed partition among a million is a whole column: it is never lost.
 */
export function gathered(stretches: readonly Stretch[], window: Window, columns: number): Stretch[] {
  const words = new Array<string | undefined>(columns)
  const scale = columns / (window.stop - window.start)
  for (const { start, stop, status } of stretches) {
    if (stop <= window.start || start >= window.stop) continue
    const first = Math.max(0, Math.floor((start - window.start) * scale + 1e-9))
    const last = Math.min(columns - 1, Math.ceil((stop - window.start) * scale - 1e-9) - 1)
    for (let column = first; column <= last; column += 1) {
      const word = words[column]
      if (word === undefined || worse(status, word)) words[column] = status
    }
  }
  const found: Stretch[] = []
  let begin = 0
  for (let column = 1; column <= columns; column += 1) {
    if (column < columns && words[column] === words[begin]) continue
    const status = words[begin]
    if (status !== undefined) found.push({ start: begin, stop: column, status })
    begin = column
  }
  return found
}

/** What a strip of the API says, as stretches: it has segments, or cells where these would be too many. */
export function stretchesOf(strip: {
  readonly segments: ReadonlyArray<readonly unknown[]>
  readonly cells: ReadonlyArray<Stretch>
}): readonly Stretch[] {
  if (strip.cells.length > 0) return strip.cells
  return strip.segments.map(([start, stop, status]) => ({
    start: Number(start),
    stop: Number(stop),
    status: String(status),
  }))
}
