/** Which squares of a grid of partitions lie where, and which are chosen. */
import type { Ranges } from "./partition-strip-ranges"

export interface Axis {
  readonly total: number
  readonly start: number
  readonly stop: number
  /** So many places are one square. */
  readonly size: number
}

export interface Rect {
  readonly left: number
  readonly right: number
  readonly top: number
  readonly bottom: number
}

/** How many squares an axis has. */
export function squares(axis: Axis): number {
  return Math.ceil((axis.stop - axis.start) / axis.size)
}

/** Two corners of a drag, in squares, as a rectangle with all four sides inside. */
export function rectOf(a: readonly [number, number], b: readonly [number, number]): Rect {
  return {
    left: Math.min(a[0], b[0]),
    right: Math.max(a[0], b[0]),
    top: Math.min(a[1], b[1]),
    bottom: Math.max(a[1], b[1]),
  }
}

/** The places that squares stand for, both ends inclusive. */
export function places(axis: Axis, first: number, last: number): readonly [number, number] {
  return [axis.start + first * axis.size, Math.min(axis.stop, axis.start + (last + 1) * axis.size) - 1]
}

/** A rectangle as the server reads it: `2-5|0-3`, columns first. */
export function pieceOf(rect: Rect, columns: Axis, rows: Axis): string {
  const across = places(columns, rect.left, rect.right)
  const down = places(rows, rect.top, rect.bottom)
  return `${across[0]}-${across[1]}|${down[0]}-${down[1]}`
}

/** A rectangle as ranges of ordinals: each column is `width` ordinals long, its rows follow each other. */
export function rangesOf(rect: Rect, columns: Axis, rows: Axis): Ranges {
  const width = rows.total
  const across = places(columns, rect.left, rect.right)
  const down = places(rows, rect.top, rect.bottom)
  if (down[0] === 0 && down[1] === width - 1) return [[across[0] * width, (across[1] + 1) * width]]
  return Array.from({ length: across[1] - across[0] + 1 }, (_, place) => {
    const column = across[0] + place
    return [column * width + down[0], column * width + down[1] + 1] as const
  })
}

/** The squares that ranges of ordinals touch, as rectangles one column wide, or several where all rows are in. */
export function touched(ranges: Ranges, columns: Axis, rows: Axis): Rect[] {
  const width = rows.total
  const found: Rect[] = []
  const last = squares(columns) - 1
  const add = (from: number, to: number, top: number, bottom: number) => {
    if (to < columns.start || from >= columns.stop || bottom < rows.start || top >= rows.stop) return
    const rect = {
      left: Math.max(0, Math.floor((from - columns.start) / columns.size)),
      right: Math.min(last, Math.floor((to - columns.start) / columns.size)),
      top: Math.max(0, Math.floor((top - rows.start) / rows.size)),
      bottom: Math.min(squares(rows) - 1, Math.floor((bottom - rows.start) / rows.size)),
    }
    const before = found.at(-1)
    if (before && before.top === rect.top && before.bottom === rect.bottom && rect.left <= before.right + 1)
      found[found.length - 1] = { ...before, right: Math.max(before.right, rect.right) }
    else found.push(rect)
  }
  for (const [start, stop] of ranges) {
    const [first, end] = [Math.floor(start / width), Math.floor((stop - 1) / width)]
    const head = start - first * width
    const tail = stop - 1 - end * width
    if (first === end) add(first, first, head, tail)
    else {
      const whole = [head === 0 ? first : first + 1, tail === width - 1 ? end : end - 1] as const
      if (head !== 0) add(first, first, head, width - 1)
      if (whole[0] <= whole[1]) add(whole[0], whole[1], 0, width - 1)
      if (tail !== width - 1) add(end, end, 0, tail)
    }
  }
  return found
}
