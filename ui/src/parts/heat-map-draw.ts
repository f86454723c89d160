/** The picture of a grid of partitions. */
import type { Schema } from "@/api/client"
import { fitted, textWidth } from "@/canvas/marks"
import { font } from "@/canvas/palette"
import type { Frame } from "@/canvas/surface"
import { type Rect, squares, touched } from "./heat-map-window"
import { fillOf } from "./partition-strip-draw"
import type { Ranges } from "./partition-strip-ranges"

/** The room for the keys of rows and of columns. */
export const NAMES = 96
export const HEAD = 20

export interface Plot {
  readonly grid: Schema["GridView"]
  readonly selection: Ranges
  /** What is being drawn. */
  readonly rect: Rect | null
  readonly adds: boolean
  readonly lit: readonly string[]
  readonly hover: readonly [number, number] | null
  readonly cursor: readonly [number, number] | null
  readonly row: number
}

export function drawHeatMap(frame: Frame, plot: Plot): void {
  const { context, width, colours } = frame
  const { grid, row, lit } = plot
  const count = squares(grid.columns)
  const each = (width - NAMES) / Math.max(1, count)
  const gap = each > 4 ? 1 : 0
  context.textBaseline = "middle"
  context.font = font(colours, 12)
  for (const [place, runs] of grid.cells.entries()) {
    const y = HEAD + place * row
    context.globalAlpha = 1
    context.fillStyle = colours("dim")
    context.fillText(fitted(context, grid.rows.keys[place] ?? "", NAMES - 14), 2, y + row / 2)
    for (const [first, last, status] of runs as [number, number, string][]) {
      context.globalAlpha = lit.length > 0 && !lit.includes(status) ? 0.22 : 1
      context.fillStyle = fillOf(status, colours)
      if (gap === 0) {
        const wide = Math.max((last - first + 1) * each, status === "fresh" || status === "missing" ? 0 : 2)
        context.fillRect(NAMES + first * each, y + 1, wide, row - 2)
        continue
      }
      for (let column = first; column <= last; column += 1)
        context.fillRect(NAMES + column * each, y + 1, each - gap, row - 2)
    }
  }
  context.globalAlpha = 1
  columnKeys(frame, plot, each)
  for (const rect of touched(plot.rect && !plot.adds ? [] : plot.selection, grid.columns, grid.rows))
    outline(frame, plot, each, rect)
  if (plot.rect) outline(frame, plot, each, plot.rect)
  const told = plot.cursor ?? plot.hover
  if (told) {
    context.strokeStyle = colours(plot.cursor ? "focus" : "dim")
    context.lineWidth = plot.cursor ? 2 : 1
    context.strokeRect(NAMES + told[0] * each, HEAD + told[1] * row + 0.5, Math.max(3, each - gap), row - 1)
  }
}

function columnKeys({ context, width, colours }: Frame, { grid }: Plot, each: number): void {
  context.font = font(colours, 11)
  let free = NAMES
  for (const [place, key] of grid.columns.keys.entries()) {
    const x = NAMES + place * each
    const wide = textWidth(context, key)
    if (x < free || x + wide + 4 > width) continue
    context.fillStyle = colours("line-strong")
    context.fillRect(Math.round(x), HEAD - 5, 1, 5)
    context.fillStyle = colours("faint")
    context.fillText(key, Math.round(x) + 4, HEAD / 2 - 2)
    free = x + Math.max(wide + 40, 110)
  }
}

function outline({ context, colours }: Frame, { row }: Plot, each: number, rect: Rect): void {
  const x = NAMES + rect.left * each
  const y = HEAD + rect.top * row
  const wide = Math.max(3, (rect.right - rect.left + 1) * each)
  const high = (rect.bottom - rect.top + 1) * row
  context.globalAlpha = 0.18
  context.fillStyle = colours("accent")
  context.fillRect(x, y, wide, high)
  context.globalAlpha = 1
  context.strokeStyle = colours("accent")
  context.lineWidth = 1.5
  context.strokeRect(x, y + 0.5, wide, high - 1)
}
