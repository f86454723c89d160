/** Draws the grid: only what is seen, so that its size is of no matter. */
import { drawState, fitted } from "@/canvas/marks"
import { font, type Palette, type Token } from "@/canvas/palette"
import type { Frame } from "@/canvas/surface"
import { between, duration } from "@/parts/clock"
import { runState, stateOf } from "@/theme/states"
import { type CellState, cellAt, type Run, wordsOf } from "./cells"
import { type GridRow, isFolder } from "./rows"
import { labelled, type Place, SIZES, type View, visible, xOf, yOf } from "./window"

export interface GridPicture {
  /** The oldest first, as they stand from left to right. */
  readonly runs: readonly Run[]
  readonly rows: readonly GridRow[]
  readonly view: View
  readonly hover: Place | null
  readonly at: Place | null
  readonly focused: boolean
  readonly now: number
  /** The words below a run's bar. */
  readonly words: (run: Run) => string
}

const BAR_TOP = 27
const BAR_BOTTOM = 66
const WORDS = 77
/** From this width on a column has room for numbers. */
const ROOMY = 32
/** A bar is no wider. */
const BAR = 20

export function drawGrid({ context, width, height, colours }: Frame, picture: GridPicture): void {
  const { runs, rows, view } = picture
  const extent = { columns: runs.length, rows: rows.length }
  const seen = visible(view, extent)
  const right = Math.min(width, xOf(runs.length, view))
  const bottom = Math.min(height, yOf(rows.length, view))
  cross(context, colours, picture, right, bottom)
  context.save()
  context.beginPath()
  context.rect(SIZES.names, SIZES.head, width - SIZES.names, height - SIZES.head)
  context.clip()
  for (let row = seen.firstRow; row < seen.lastRow; row += 1)
    for (let column = seen.firstColumn; column < seen.lastColumn; column += 1)
      drawCell(context, colours, picture, column, row)
  if (picture.at?.column != null && picture.at.row != null) {
    context.strokeStyle = colours(picture.focused ? "focus" : "line-strong")
    context.lineWidth = 2
    context.beginPath()
    context.roundRect(
      xOf(picture.at.column, view) + 1,
      yOf(picture.at.row, view) + 2,
      view.column - 2,
      SIZES.row - 4,
      4,
    )
    context.stroke()
  }
  context.restore()
  drawNames(context, colours, picture, seen.firstRow, seen.lastRow)
  drawHead(context, colours, picture, seen.firstColumn, seen.lastColumn, right)
}

function cross(
  context: CanvasRenderingContext2D,
  colours: Palette,
  { hover, at, view, runs, rows }: GridPicture,
  right: number,
  bottom: number,
): void {
  for (const [place, token] of [
    [at, "accent-soft"],
    [hover, "hover"],
  ] as const satisfies ReadonlyArray<readonly [Place | null, Token]>) {
    if (place === null) continue
    context.fillStyle = colours(token)
    if (place.row !== null && place.row < rows.length)
      context.fillRect(0, Math.max(SIZES.head, yOf(place.row, view)), right, SIZES.row)
    if (place.column !== null && place.column < runs.length)
      context.fillRect(Math.max(SIZES.names, xOf(place.column, view)), 0, view.column, bottom)
  }
}

function drawCell(
  context: CanvasRenderingContext2D,
  colours: Palette,
  { runs, rows, view }: GridPicture,
  column: number,
  row: number,
): void {
  const [run, line] = [runs[column], rows[row]]
  if (run === undefined || line === undefined) return
  if (line.kind === "note") return
  const cell = cellAt(run, line)
  const x = xOf(column, view) + 2
  const y = yOf(row, view) + 3
  const [across, down] = [view.column - 4, SIZES.row - 6]
  if (cell === undefined) {
    // not read yet
    context.fillStyle = colours("hover")
    context.beginPath()
    context.roundRect(x, y, across, down, 3)
    context.fill()
    return
  }
  if (cell === null) {
    context.fillStyle = colours("line")
    context.fillRect(x + across / 2 - 1, y + down / 2 - 1, 2, 2)
    return
  }
  const { family } = stateOf(cell.state)
  context.fillStyle = colours(`${family}-soft`)
  context.beginPath()
  context.roundRect(x, y, across, down, 3)
  context.fill()
  if (cell.total > 1 && family !== "fresh") {
    // of several the part that stands worst, from below
    const part = (cell.counts[cell.state] ?? 0) / cell.total
    context.save()
    context.clip()
    context.fillStyle = colours("fresh-soft")
    context.fillRect(x, y, across, down * (1 - Math.max(0.2, part)))
    context.restore()
  }
  const number =
    isFolder(line) && view.column >= ROOMY ? numberIn(cell, across - (family === "fresh" ? 4 : 16)) : ""
  context.font = font(colours, 10.5)
  if (family !== "fresh") {
    const wide = number ? context.measureText(number).width + 3 : 0
    const at = x + across / 2 - wide / 2
    drawState(context, colours, cell.state, at, y + down / 2, 9)
    if (number) written(context, colours(`${family}-ink`), number, at + 7, y + down / 2)
  } else if (number) {
    const wide = context.measureText(number).width
    written(context, colours(`${family}-ink`), number, x + across / 2 - wide / 2, y + down / 2)
  }
}

/** How many of a folded row stand worst, of how many, as far as there is room: `3/21`, `3`, or nothing. */
function numberIn({ state, counts, total }: CellState, room: number): string {
  const [some, all] = [String(counts[state] ?? 0), String(total)]
  const told = [some === all ? all : `${some}/${all}`, some]
  return told.find((each) => each.length * 6.5 <= room) ?? ""
}

function written(
  context: CanvasRenderingContext2D,
  colour: string,
  text: string,
  x: number,
  y: number,
): void {
  context.fillStyle = colour
  context.textAlign = "left"
  context.textBaseline = "middle"
  context.fillText(text, x, y + 0.5)
}

function drawNames(
  context: CanvasRenderingContext2D,
  colours: Palette,
  { rows, view, hover, at }: GridPicture,
  first: number,
  last: number,
): void {
  context.save()
  context.beginPath()
  context.rect(0, SIZES.head, SIZES.names, view.height - SIZES.head)
  context.clip()
  context.textBaseline = "middle"
  context.textAlign = "left"
  for (let index = first; index < last; index += 1) {
    const row = rows[index]
    if (row === undefined) continue
    const y = yOf(index, view)
    const lit = hover?.row === index || at?.row === index
    const left = 14 + row.depth * 14
    let x = left
    if (isFolder(row)) {
      triangle(context, colours, left + 3, y + SIZES.row / 2, row.folded)
      x += 14
    }
    context.font = font(colours, 12.5, row.kind === "group" ? 600 : 400)
    context.fillStyle = colours(row.kind === "note" ? "faint" : lit || row.kind === "group" ? "ink" : "dim")
    const extra = row.kind === "group" && row.folded ? String(row.tasks.length) : row.mapped ? "mapped" : ""
    const room = SIZES.names - x - 12 - (extra ? 44 : 0)
    context.fillText(fitted(context, row.name, room), x, y + SIZES.row / 2 + 0.5)
    if (extra) {
      context.font = font(colours, 11)
      context.fillStyle = colours("faint")
      context.textAlign = "right"
      context.fillText(extra, SIZES.names - 10, y + SIZES.row / 2 + 0.5)
      context.textAlign = "left"
    }
  }
  context.restore()
}

function triangle(
  context: CanvasRenderingContext2D,
  colours: Palette,
  x: number,
  y: number,
  folded: boolean,
): void {
  context.fillStyle = colours("faint")
  context.beginPath()
  if (folded) {
    context.moveTo(x - 2, y - 4)
    context.lineTo(x + 4, y)
    context.lineTo(x - 2, y + 4)
  } else {
    context.moveTo(x - 4, y - 2)
    context.lineTo(x + 4, y - 2)
    context.lineTo(x, y + 4)
  }
  context.fill()
}

/** Seconds that a run took, or takes so far. */
export function secondsOf({ run }: Run, now: number): number | null {
  return between(run.started_at, run.finished_at, now)
}

function drawHead(
  context: CanvasRenderingContext2D,
  colours: Palette,
  { runs, view, now, words, hover, at }: GridPicture,
  first: number,
  last: number,
  right: number,
): void {
  let longest = 0
  for (let column = first; column < last; column += 1) {
    const run = runs[column]
    if (run) longest = Math.max(longest, secondsOf(run, now) ?? 0)
  }
  context.save()
  context.fillStyle = colours("faint")
  context.font = font(colours, 11)
  const room =
    Math.max(...runs.slice(first, last).map((run) => context.measureText(words(run)).width), 0) + 18
  context.textBaseline = "middle"
  context.textAlign = "right"
  context.fillText(duration(longest), SIZES.names - 10, BAR_TOP)
  context.fillText("0", SIZES.names - 10, BAR_BOTTOM)
  context.textAlign = "left"
  context.fillText("Duration", 14, BAR_TOP)
  context.beginPath()
  context.rect(SIZES.names, 0, view.width - SIZES.names, SIZES.head)
  context.clip()
  context.fillStyle = colours("line")
  context.fillRect(SIZES.names, BAR_TOP, right - SIZES.names, 1)
  context.fillRect(SIZES.names, BAR_BOTTOM, right - SIZES.names, 1)
  for (let column = first; column < last; column += 1) {
    const run = runs[column]
    if (run === undefined) continue
    const state = runState(run.run)
    const { family } = stateOf(state)
    const x = xOf(column, view)
    const part = longest > 0 ? (secondsOf(run, now) ?? 0) / longest : 0
    const tall = Math.max(2, Math.round((BAR_BOTTOM - BAR_TOP) * part))
    context.fillStyle = colours(family === "fresh" ? "fresh-soft" : family)
    context.beginPath()
    const wide = Math.min(BAR, view.column - 8)
    const middle = x + view.column / 2
    context.roundRect(middle - wide / 2, BAR_BOTTOM - tall, wide, tall, [2, 2, 0, 0])
    context.fill()
    const seconds = secondsOf(run, now)
    if (view.column >= ROOMY && seconds !== null) {
      context.font = font(colours, 10.5)
      const text = duration(seconds)
      const across = context.measureText(text).width
      if (across <= view.column - 2) {
        const above = BAR_BOTTOM - tall - 7
        // the line of the longest one does not run through the words
        if (Math.abs(above - BAR_TOP) < 8) {
          context.fillStyle = colours("panel")
          context.fillRect(middle - across / 2 - 2, BAR_TOP - 1, across + 4, 3)
        }
        written(context, colours("faint"), text, middle - across / 2, above)
      }
    }
    if (family !== "fresh") drawState(context, colours, state, middle, 9, 9)
  }
  const taken: Array<readonly [from: number, to: number]> = []
  const columns = Array.from({ length: last - first }, (_, index) => last - 1 - index)
  const lit = columns.filter((column) => hover?.column === column || at?.column === column)
  // what is pointed at has its word in any case; of the others those that touch no other one
  for (const column of [
    ...lit,
    ...columns.filter((each) => labelled(each, runs.length, room, view.column)),
  ]) {
    const run = runs[column]
    if (run === undefined) continue
    const isLit = lit.includes(column)
    context.font = font(colours, 11, isLit ? 600 : 400)
    const text = words(run)
    const wide = context.measureText(text).width
    const middle = xOf(column, view) + view.column / 2
    const from = Math.min(Math.max(SIZES.names + 2, middle - wide / 2), view.width - wide - 4)
    if (taken.some(([start, stop]) => from < stop + 8 && from + wide > start - 8)) continue
    taken.push([from, from + wide])
    context.fillStyle = colours(isLit ? "ink" : "faint")
    context.fillText(text, from, WORDS)
  }
  context.restore()
}

/** A cell in a line of words: `failed 1, succeeded 20`. */
export function countWords(counts: Readonly<Record<string, number>>): string {
  return wordsOf(counts)
    .map(([word, count]) =>
      count === 1 && Object.keys(counts).length === 1
        ? stateOf(word).label
        : `${count} ${stateOf(word).label}`,
    )
    .join(", ")
}
