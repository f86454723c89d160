/** Draws the timeline: axis, density of all, a line for each that asks, and now. */
import { drawState } from "@/canvas/marks"
import { font } from "@/canvas/palette"
import type { Frame } from "@/canvas/surface"
import { stateOf } from "@/theme/states"
import { axis, density, type Mark, type Span } from "./timeline-model"

export const AXIS = 26
export const DENSITY = 40
export const ROW = 29
/** Where the lines begin. */
export const TOP = AXIS + DENSITY

export interface Picture {
  readonly span: Span
  readonly zone: string
  readonly now: number
  readonly marks: readonly Mark[]
  /** By line; those of an automation without a line are not drawn. */
  readonly lines: ReadonlyArray<{
    readonly id: string
    readonly paused: boolean
    readonly marks: readonly Mark[]
  }>
  readonly hover: number | null
}

export function xOf(at: number, span: Span, width: number): number {
  return ((at - span.from) / (span.to - span.from)) * width
}

export function drawTimeline({ context, width, height, colours }: Frame, picture: Picture): void {
  const { span, now } = picture
  const nowAt = xOf(now, span, width)
  context.fillStyle = colours("sunken")
  if (nowAt > 0) context.fillRect(0, TOP, Math.min(nowAt, width), height - TOP)
  drawAxis(context, width, height, picture, colours)
  drawDensity(context, width, picture, colours)
  picture.lines.forEach((line, at) => {
    const y = TOP + at * ROW
    context.fillStyle = colours("line")
    context.fillRect(0, y, width, 1)
    if (picture.hover === at) {
      context.globalAlpha = 0.6
      context.fillStyle = colours("hover")
      context.fillRect(0, y + 1, width, ROW - 1)
      context.globalAlpha = 1
    }
    drawLine(context, width, y + ROW / 2, line.marks, picture, colours)
  })
  if (nowAt >= 0 && nowAt <= width) {
    context.fillStyle = colours("accent")
    context.fillRect(Math.round(nowAt), AXIS - 6, 1.5, height - AXIS + 6)
  }
}

function drawAxis(
  context: CanvasRenderingContext2D,
  width: number,
  height: number,
  { span, zone }: Picture,
  colours: Frame["colours"],
): void {
  context.textBaseline = "middle"
  for (const { at, text, day } of axis(span, width, zone)) {
    const x = Math.round(xOf(at, span, width))
    context.fillStyle = colours(day ? "line-strong" : "line")
    context.fillRect(x, AXIS, 1, height - AXIS)
    context.font = font(colours, 11, day ? 600 : 400)
    context.fillStyle = colours(day ? "ink" : "faint")
    context.textAlign = x < 20 ? "left" : x > width - 24 ? "right" : "center"
    context.fillText(text, x, AXIS / 2)
  }
}

/** Pixels of a column of the density. */
const COLUMN = 4

function drawDensity(
  context: CanvasRenderingContext2D,
  width: number,
  { marks, span, now }: Picture,
  colours: Frame["colours"],
): void {
  const counts = density(marks, span, Math.floor(width / COLUMN))
  const most = Math.max(...counts, 3)
  const room = DENSITY - 8
  const piece = (span.to - span.from) / counts.length
  counts.forEach((count, at) => {
    if (count === 0) return
    const tall = Math.max(2, (count / most) * room)
    const past = span.from + at * piece < now
    context.fillStyle = colours(past ? "waiting" : "accent")
    context.globalAlpha = past ? 0.6 : 0.35 + 0.65 * (count / most)
    context.fillRect(at * COLUMN, TOP - tall - 1, COLUMN - 1, tall)
  })
  context.globalAlpha = 1
}

function drawLine(
  context: CanvasRenderingContext2D,
  width: number,
  y: number,
  marks: readonly Mark[],
  { span }: Picture,
  colours: Frame["colours"],
): void {
  const inView = marks.filter((each) => each.at >= span.from && each.at <= span.to)
  // where there is no room for shapes each pixel is a stroke, the worst of those that fall on it
  const crowded = inView.length > width / 11
  if (crowded) {
    const worst = new Map<number, Mark>()
    for (const mark of inView) {
      const x = Math.round(xOf(mark.at, span, width) / 2) * 2
      const before = worst.get(x)
      if (before === undefined || badness(mark) > badness(before)) worst.set(x, mark)
    }
    for (const [x, mark] of worst) {
      context.fillStyle = colours(stateOf(mark.state).family)
      context.globalAlpha = mark.future ? 0.5 : 1
      const tall = badness(mark) > 1 ? 16 : mark.state === "skipped" ? 5 : 10
      context.fillRect(x, y - tall / 2, 1.5, tall)
    }
    context.globalAlpha = 1
    return
  }
  for (const mark of inView) drawState(context, colours, mark.state, xOf(mark.at, span, width), y, 11)
}

function badness(mark: Mark): number {
  const { family } = stateOf(mark.state)
  return family === "failed"
    ? 3
    : family === "late" || family === "stale"
      ? 2
      : mark.state === "skipped"
        ? 0
        : 1
}
