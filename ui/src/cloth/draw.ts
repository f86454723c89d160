/** Draws the cloth: only the lines in view, each state in its colour and its shape. */

import { fitted } from "@/canvas/marks"
import { font, type Palette, type Token } from "@/canvas/palette"
import { stateOf } from "@/theme/states"
import { worstOf } from "./lines"
import type { Cell, Line, Patch, Stitch, Thread } from "./types"

export interface Picture {
  readonly lines: readonly Line[]
  readonly since: number
  readonly until: number
  readonly columns: number
  readonly width: number
  readonly height: number
  /** Pixels that the names take at the left. */
  readonly names: number
  readonly row: number
  /** How far it is scrolled down, in pixels. */
  readonly scroll: number
  readonly hover: readonly [line: number, column: number] | null
  readonly cursor: readonly [line: number, column: number] | null
  readonly patch: Patch | null
  /** States that are pointed at in the legend: the others step back. */
  readonly only: string | null
  readonly now: number
}

/** The colour of a state's cell, and whether it is an outline. */
function paint(state: string): { fill: Token; outline: boolean } {
  const { family } = stateOf(state)
  if (family === "fresh") return { fill: "fresh-soft", outline: false }
  if (family === "missing") return { fill: "missing", outline: true }
  if (family === "waiting") return { fill: "waiting-soft", outline: false }
  return { fill: family, outline: false }
}

export function draw(context: CanvasRenderingContext2D, picture: Picture, palette: Palette): void {
  const { width, height, lines, row, scroll, names, columns } = picture
  const plot = width - names
  const first = Math.max(0, Math.floor(scroll / row))
  const last = Math.min(lines.length - 1, Math.ceil((scroll + height) / row))
  drawNow(context, picture, palette)
  for (let at = first; at <= last; at += 1) {
    const line = lines[at]
    if (line === undefined) continue
    const top = at * row - scroll
    if (picture.hover?.[0] === at) {
      context.fillStyle = palette("hover")
      context.fillRect(0, top, width, row)
    }
    drawName(context, line, top, picture, palette)
    if (line.type === "group" && !line.folded) continue
    const cells = line.type === "thread" ? line.thread.cells : foldedCells(line.threads, columns)
    const stitches = line.type === "thread" ? line.thread.stitches : null
    context.save()
    context.beginPath()
    context.rect(names, top, plot, row)
    context.clip()
    if (stitches) drawStitches(context, stitches, top, picture, palette)
    else drawCells(context, cells, top, picture, palette)
    context.restore()
  }
  drawPatch(context, picture, palette)
}

const foldedBefore = new WeakMap<readonly Thread[], Cell[]>()

function foldedCells(threads: readonly Thread[], columns: number): Cell[] {
  const before = foldedBefore.get(threads)
  if (before) return before
  const made = worstOf(threads, columns)
  foldedBefore.set(threads, made)
  return made
}

function drawName(
  context: CanvasRenderingContext2D,
  line: Line,
  top: number,
  { names, row, hover, lines }: Picture,
  palette: Palette,
): void {
  if (row < 11 && lines[hover?.[0] ?? -1] !== line) return
  const thread = line.type === "thread"
  const text = thread ? line.thread.key : `${line.folded ? "▸" : "▾"} ${line.group}`
  context.font = font(palette, 12, thread ? 400 : 600)
  context.fillStyle = palette(thread ? "ink" : "dim")
  context.textBaseline = "middle"
  context.textAlign = "left"
  const indent = thread && lines[0]?.type === "group" ? 12 : 0
  context.fillText(fitted(context, text, names - 14 - indent), indent, top + row / 2 + 0.5)
}

function drawCells(
  context: CanvasRenderingContext2D,
  cells: readonly Cell[],
  top: number,
  picture: Picture,
  palette: Palette,
): void {
  const { names, width, columns } = picture
  const size = (width - names) / columns
  const gap = size >= 5 ? 1.5 : 0
  for (const [first, last, state] of cells) {
    context.globalAlpha = picture.only !== null && picture.only !== state ? 0.22 : 1
    if (gap === 0) {
      shape(context, state, names + first * size, top, (last - first + 1) * size, picture.row, palette)
      continue
    }
    for (let column = first; column <= last; column += 1)
      shape(context, state, names + column * size, top, size - gap, picture.row, palette)
  }
  context.globalAlpha = 1
}

function drawStitches(
  context: CanvasRenderingContext2D,
  stitches: readonly Stitch[],
  top: number,
  picture: Picture,
  palette: Palette,
): void {
  const { names, width, since, until } = picture
  const scale = (width - names) / (until - since)
  for (const [start, end, state] of stitches) {
    context.globalAlpha = picture.only !== null && picture.only !== state ? 0.22 : 1
    const left = names + (start - since) * scale
    const size = (end - start) * scale
    shape(context, state, left, top, Math.max(1, size - (size > 5 ? 1.5 : 0)), picture.row, palette)
  }
  context.globalAlpha = 1
}

/**
 * One stitch. Trouble is taller than what is fresh, and each kind is cut otherwise: failed is solid, stale a frame, late
 * is half filled, blocked has a notch, running a bar below, missing is dashed.
 */
function shape(
  context: CanvasRenderingContext2D,
  state: string,
  left: number,
  top: number,
  size: number,
  row: number,
  palette: Palette,
): void {
  const { family, shape: form } = stateOf(state)
  const { fill, outline } = paint(state)
  const trouble = family === "failed" || family === "late" || family === "blocked" || family === "stale"
  const height = Math.max(1.5, row < 8 ? row - 1 : row * (trouble ? 0.62 : 0.46))
  const y = top + (row - height) / 2
  const color = palette(fill)
  const large = size >= 6 && height >= 6
  if (outline) {
    if (!large) {
      context.fillStyle = palette("missing-soft")
      context.fillRect(left, y + height / 2 - 0.5, size, 1)
      return
    }
    context.strokeStyle = color
    context.lineWidth = 1
    context.setLineDash([2, 2])
    context.strokeRect(left + 0.5, y + 0.5, size - 1, height - 1)
    context.setLineDash([])
    return
  }
  context.fillStyle = color
  if (!large) {
    context.fillRect(left, y, Math.max(size, trouble ? 2 : 0.5), height)
    return
  }
  context.beginPath()
  context.roundRect(left, y, size, height, 1.5)
  context.fill()
  if (form === "square") hollow(context, left, y, size, height, palette("stale-soft"))
  if (form === "half") {
    context.fillStyle = palette("late-soft")
    context.fillRect(left + 1.5, y + 1.5, Math.max(1, size / 2 - 1.5), height - 3)
  }
  if (form === "diamond") {
    context.fillStyle = palette("blocked-soft")
    const middle = left + size / 2
    context.beginPath()
    context.moveTo(middle, y + 2)
    context.lineTo(middle + 3, y + height / 2)
    context.lineTo(middle, y + height - 2)
    context.lineTo(middle - 3, y + height / 2)
    context.fill()
  }
  if (form === "arc") {
    context.fillStyle = palette("running-soft")
    context.fillRect(left + 1.5, y + 1.5, size - 3, Math.max(1, height - 5))
  }
}

function hollow(
  context: CanvasRenderingContext2D,
  x: number,
  y: number,
  w: number,
  h: number,
  color: string,
): void {
  context.fillStyle = color
  context.fillRect(x + 2, y + 2, Math.max(1, w - 4), Math.max(1, h - 4))
}

function drawNow(
  context: CanvasRenderingContext2D,
  { now, since, until, names, width, height }: Picture,
  palette: Palette,
): void {
  if (now < since || now > until) return
  const x = names + ((width - names) * (now - since)) / (until - since)
  context.fillStyle = palette("line-strong")
  context.fillRect(Math.round(x), 0, 1, height)
}

function drawPatch(context: CanvasRenderingContext2D, picture: Picture, palette: Palette): void {
  const { names, width, columns, row, scroll, patch, cursor } = picture
  const size = (width - names) / columns
  context.strokeStyle = palette("accent-ink")
  if (patch) {
    const x = names + patch.columns[0] * size
    const y = patch.lines[0] * row - scroll
    const w = (patch.columns[1] - patch.columns[0] + 1) * size
    const h = (patch.lines[1] - patch.lines[0] + 1) * row
    context.fillStyle = palette("accent")
    context.globalAlpha = 0.1
    context.fillRect(x - 0.5, y, w, h)
    context.globalAlpha = 1
    context.lineWidth = 1.5
    context.strokeRect(x - 0.5, y + 0.5, w, h - 1)
  }
  if (cursor) {
    context.lineWidth = 2
    context.strokeRect(
      names + cursor[1] * size - 1.5,
      cursor[0] * row - scroll + 1,
      Math.max(4, size + 1.5),
      row - 2,
    )
  }
}
