/** Where things are in the grid: names at the left, runs across with the newest at the right, steps down. */

export const SIZES = {
  /** The names of the steps. */
  names: 232,
  /** Bars of the runs' durations, with the words below them. */
  head: 88,
  /** A column at the least and at the most: few runs take the room that there is. */
  column: 20,
  widest: 44,
  row: 24,
} as const

/** How wide the columns of so many runs are. */
export function columnOf(width: number, columns: number): number {
  const room = Math.floor((width - SIZES.names) / Math.max(1, columns))
  return Math.min(SIZES.widest, Math.max(SIZES.column, room))
}

export interface View {
  /** How far it is scrolled. */
  readonly left: number
  readonly top: number
  /** Of what is seen, with names and head. */
  readonly width: number
  readonly height: number
  /** How wide a column is. */
  readonly column: number
}

export interface Extent {
  readonly columns: number
  readonly rows: number
}

export function contentSize(
  { columns, rows }: Extent,
  column: number = SIZES.column,
): { width: number; height: number } {
  return { width: SIZES.names + columns * column, height: SIZES.head + rows * SIZES.row }
}

export interface Visible {
  readonly firstColumn: number
  /** Excluded. */
  readonly lastColumn: number
  readonly firstRow: number
  readonly lastRow: number
}

/** The columns and rows that are to be drawn. */
export function visible(view: View, extent: Extent): Visible {
  const across = Math.max(0, view.width - SIZES.names)
  const down = Math.max(0, view.height - SIZES.head)
  return {
    firstColumn: bounded(Math.floor(view.left / view.column), extent.columns),
    lastColumn: bounded(Math.ceil((view.left + across) / view.column), extent.columns),
    firstRow: bounded(Math.floor(view.top / SIZES.row), extent.rows),
    lastRow: bounded(Math.ceil((view.top + down) / SIZES.row), extent.rows),
  }
}

function bounded(value: number, most: number): number {
  return Math.min(most, Math.max(0, value))
}

/** The left edge of a column on the canvas, and the upper edge of a row. */
export function xOf(column: number, view: View): number {
  return SIZES.names + column * view.column - view.left
}

export function yOf(row: number, view: View): number {
  return SIZES.head + row * SIZES.row - view.top
}

export interface Place {
  /** null on the names. */
  readonly column: number | null
  /** null on the head. */
  readonly row: number | null
}

/** What is at a point of the canvas; null beside everything. */
export function placeAt(x: number, y: number, view: View, extent: Extent): Place | null {
  if (x < 0 || y < 0 || x >= view.width || y >= view.height) return null
  const column = x < SIZES.names ? null : Math.floor((x - SIZES.names + view.left) / view.column)
  const row = y < SIZES.head ? null : Math.floor((y - SIZES.head + view.top) / SIZES.row)
  if ((column !== null && column >= extent.columns) || (row !== null && row >= extent.rows)) return null
  return column === null && row === null ? null : { column, row }
}

/** How far to scroll so that a cell is seen whole; as it is where it is seen already. */
export function scrollTo(place: { column: number; row: number }, view: View): { left: number; top: number } {
  const across = view.width - SIZES.names
  const down = view.height - SIZES.head
  return {
    left: clamp(view.left, (place.column + 1) * view.column - across, place.column * view.column),
    top: clamp(view.top, (place.row + 1) * SIZES.row - down, place.row * SIZES.row),
  }
}

function clamp(value: number, low: number, high: number): number {
  return Math.max(0, Math.min(high, Math.max(low, value)))
}

/** A step to the next cell by a key; it stays inside. */
export function stepped(
  at: { column: number; row: number },
  key: string,
  extent: Extent,
  page: number,
): { column: number; row: number } | null {
  const to = {
    ArrowLeft: [-1, 0],
    ArrowRight: [1, 0],
    ArrowUp: [0, -1],
    ArrowDown: [0, 1],
    h: [-1, 0],
    l: [1, 0],
    k: [0, -1],
    j: [0, 1],
    PageUp: [0, -page],
    PageDown: [0, page],
    Home: [-extent.columns, 0],
    End: [extent.columns, 0],
  }[key]
  if (to === undefined || extent.columns === 0 || extent.rows === 0) return null
  const [across = 0, down = 0] = to
  return {
    column: Math.min(extent.columns - 1, Math.max(0, at.column + across)),
    row: Math.min(extent.rows - 1, Math.max(0, at.row + down)),
  }
}

/** Columns that get a word below their bar: as many as fit without touching, counted from the newest. */
export function labelled(
  column: number,
  columns: number,
  words: number,
  wide: number = SIZES.column,
): boolean {
  const every = Math.max(1, Math.ceil(words / wide))
  return (columns - 1 - column) % every === 0
}
