/**
 * Which lines are in view, however many there are. Browsers draw no element higher than some million pixels, so beyond
 * that the bar stands for more than its pixels, and the wheel moves by lines of its own.
 */

/** Below what Firefox (17.8 million) and Chrome (33.5 million) can draw. */
export const MOST_PIXELS = 6_000_000

export interface View {
  readonly count: number
  readonly row: number
  /** Pixels that are seen. */
  readonly seen: number
}

/** How high the content is said to be. */
export function heightOf({ count, row }: View): number {
  return Math.min(count * row, MOST_PIXELS)
}

export function isScaled(view: View): boolean {
  return view.count * view.row > MOST_PIXELS
}

/** The furthest first line, in lines with a fraction. */
export function endOf({ count, row, seen }: View): number {
  return Math.max(0, count - seen / row)
}

/** The first line in view, with a fraction, of where the bar stands. */
export function lineAt(top: number, view: View): number {
  const room = heightOf(view) - view.seen
  if (room <= 0) return 0
  return Math.min(endOf(view), isScaled(view) ? (top / room) * endOf(view) : top / view.row)
}

/** Where the bar stands for a first line. */
export function topOf(line: number, view: View): number {
  const room = heightOf(view) - view.seen
  if (room <= 0) return 0
  const at = Math.min(endOf(view), Math.max(0, line))
  return isScaled(view) ? (at / endOf(view)) * room : at * view.row
}

/** The lines to draw: from the first in view, with some above and below it. */
export function windowOf(first: number, view: View, around = 6): { from: number; to: number } {
  return {
    from: Math.max(0, Math.floor(first) - around),
    to: Math.min(view.count, Math.ceil(first + view.seen / view.row) + around),
  }
}

export interface LineRange {
  readonly from: number
  readonly to: number
}

/** `1234` or `1234-1240`, from 1, as it is written in the URL; null where it is neither. */
export function readRange(text: string): LineRange | null {
  const match = /^(\d{1,9})(?:-(\d{1,9}))?$/.exec(text)
  if (match === null) return null
  const [one, two] = [Number(match[1]), Number(match[2] ?? match[1])]
  return one === 0 || two === 0 ? null : { from: Math.min(one, two), to: Math.max(one, two) }
}

export function writeRange({ from, to }: LineRange): string {
  return from === to ? String(from) : `${from}-${to}`
}
