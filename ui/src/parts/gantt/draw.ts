/** The drawing of a Gantt chart: names at the left, time across, only the lines that are in view. */
import { drawState } from "@/canvas/marks"
import { font, type Palette } from "@/canvas/palette"
import type { Frame } from "@/canvas/surface"
import { duration } from "@/parts/clock"
import { stateOf } from "@/theme/states"
import { type Axis, placeOf, sinceWords, ticksOf } from "./axis"
import type { Line, Part } from "./model"

export const ROW = 26
export const HEAD = 26
/** Pixels at the right of the last bar, for its words. */
const FOOT = 64

export interface Window {
  /** Places on the axis at the left and right edge. */
  readonly from: number
  readonly to: number
}

export interface Picture {
  readonly lines: readonly Line[]
  readonly critical: ReadonlySet<string>
  readonly axis: Axis
  readonly window: Window
  /** When the run began, which is 0 of the axis. */
  readonly origin: number
  readonly now: number
  readonly live: boolean
  readonly scrolled: number
  readonly names: number
  readonly selected: string | null
  readonly hovered: string | null
  readonly focused: boolean
}

/** Pixels of a place on the axis. */
export function across(picture: Picture, width: number, place: number): number {
  const { from, to } = picture.window
  const room = Math.max(1, width - picture.names - FOOT)
  return picture.names + ((place - from) / Math.max(1e-9, to - from)) * room
}

/** The place on the axis of a pixel. */
export function placeAt(picture: Picture, width: number, x: number): number {
  const { from, to } = picture.window
  const room = Math.max(1, width - picture.names - FOOT)
  return from + ((x - picture.names) / room) * (to - from)
}

export function draw(frame: Frame, picture: Picture): void {
  const { context, width, height, colours } = frame
  context.textBaseline = "middle"
  const first = Math.max(0, Math.floor(picture.scrolled / ROW))
  const last = Math.min(picture.lines.length - 1, Math.ceil((picture.scrolled + height - HEAD) / ROW))
  rows(frame, picture, first, last)
  grid(frame, picture)
  context.save()
  context.beginPath()
  context.rect(picture.names, HEAD, width - picture.names, height - HEAD)
  context.clip()
  for (let at = first; at <= last; at += 1) bars(frame, picture, at)
  if (picture.live) now(frame, picture)
  context.restore()
  for (let at = first; at <= last; at += 1) name(frame, picture, at)
  head(frame, picture)
  context.fillStyle = colours("line")
  context.fillRect(picture.names - 1, 0, 1, height)
}

function yOf(picture: Picture, at: number): number {
  return HEAD + at * ROW - picture.scrolled
}

function rows({ context, width, colours }: Frame, picture: Picture, first: number, last: number): void {
  for (let at = first; at <= last; at += 1) {
    const line = picture.lines[at] as Line
    const y = yOf(picture, at)
    if (line.id === picture.selected) context.fillStyle = colours("accent-soft")
    else if (line.id === picture.hovered) context.fillStyle = colours("hover")
    else continue
    context.fillRect(0, y, width, ROW)
    if (line.id === picture.selected && picture.focused) {
      context.strokeStyle = colours("focus")
      context.lineWidth = 2
      context.strokeRect(1, y + 1, width - 2, ROW - 2)
    }
  }
}

function grid(frame: Frame, picture: Picture): void {
  const { context, width, height, colours } = frame
  const { axis, window } = picture
  context.fillStyle = colours("line")
  for (const tick of ticksOf(
    axis,
    picture.origin,
    window.from,
    window.to,
    Math.max(2, (width - picture.names) / 90),
  ))
    context.fillRect(Math.round(across(picture, width, tick.place)), HEAD, 1, height - HEAD)
  for (const gap of axis.pieces) {
    if (!gap.folded || gap.end < window.from || gap.at > window.to) continue
    const left = Math.max(picture.names, across(picture, width, gap.at))
    const right = across(picture, width, gap.end)
    context.fillStyle = colours("sunken")
    context.fillRect(left, HEAD, right - left, height - HEAD)
    context.strokeStyle = colours("line-strong")
    context.lineWidth = 1
    context.setLineDash([2, 3])
    for (const x of [left, right]) {
      context.beginPath()
      context.moveTo(Math.round(x) + 0.5, HEAD)
      context.lineTo(Math.round(x) + 0.5, height)
      context.stroke()
    }
    context.setLineDash([])
  }
}

function head(frame: Frame, picture: Picture): void {
  const { context, width, colours } = frame
  const { axis, window } = picture
  context.fillStyle = colours("panel")
  context.fillRect(0, 0, width, HEAD)
  context.font = font(colours, 11.5)
  context.fillStyle = colours("faint")
  context.textAlign = "left"
  context.fillText("Step", 16, HEAD / 2)
  context.save()
  context.beginPath()
  context.rect(picture.names, 0, width - picture.names, HEAD)
  context.clip()
  const gaps = axis.pieces.filter((each) => each.folded && each.end >= window.from && each.at <= window.to)
  const taken: Array<readonly [number, number]> = []
  context.textAlign = "center"
  context.fillStyle = colours("stale-ink")
  for (const gap of gaps) {
    const x = across(picture, width, (gap.at + gap.end) / 2)
    const words = `⋯ ${duration((gap.to - gap.from) / 1000)}`
    const half = context.measureText(words).width / 2 + 6
    taken.push([x - half, x + half])
    context.fillText(words, x, HEAD / 2)
  }
  context.fillStyle = colours("faint")
  context.textAlign = "left"
  for (const tick of ticksOf(
    axis,
    picture.origin,
    window.from,
    window.to,
    Math.max(2, (width - picture.names) / 90),
  )) {
    const x = across(picture, width, tick.place) + 4
    const words = sinceWords(tick.since)
    const end = x + context.measureText(words).width
    if (taken.some(([from, to]) => x < to && end > from)) continue
    taken.push([x, end + 8])
    context.fillText(words, x, HEAD / 2)
  }
  context.restore()
  context.fillStyle = colours("line")
  context.fillRect(0, HEAD - 1, width, 1)
}

function name(frame: Frame, picture: Picture, at: number): void {
  const { context, colours } = frame
  const line = picture.lines[at] as Line
  const middle = yOf(picture, at) + ROW / 2
  const left = 16 + line.depth * 16
  context.save()
  context.beginPath()
  context.rect(0, HEAD, picture.names - 8, frame.height)
  context.clip()
  if (line.opens) {
    context.strokeStyle = colours("dim")
    context.lineWidth = 1.4
    context.beginPath()
    const [x, y] = [left + 2, middle]
    if (line.opened) {
      context.moveTo(x - 3, y - 1.5)
      context.lineTo(x, y + 1.5)
      context.lineTo(x + 3, y - 1.5)
    } else {
      context.moveTo(x - 1.5, y - 3)
      context.lineTo(x + 1.5, y)
      context.lineTo(x - 1.5, y + 3)
    }
    context.stroke()
  }
  drawState(context, colours, line.state, left + 17, middle, 11)
  context.textAlign = "left"
  context.font = font(colours, 12.5, picture.critical.has(line.id) ? 600 : 400)
  context.fillStyle = colours("ink")
  const note = line.note
  context.font = font(colours, 11.5)
  const noteWidth = note ? context.measureText(note).width + 10 : 0
  const room = picture.names - 16 - (left + 28) - noteWidth
  context.font = font(colours, 12.5, picture.critical.has(line.id) ? 600 : 400)
  const label = cut(context, line.label, room)
  context.fillText(label, left + 28, middle)
  if (note) {
    const x = left + 28 + context.measureText(label).width + 10
    context.font = font(colours, 11.5)
    context.fillStyle = colours("faint")
    context.fillText(note, x, middle)
  }
  context.restore()
}

function cut(context: CanvasRenderingContext2D, text: string, room: number): string {
  if (context.measureText(text).width <= room) return text
  let [low, high] = [0, text.length]
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if (context.measureText(`${text.slice(0, middle)}…`).width <= room) low = middle
    else high = middle - 1
  }
  return `${text.slice(0, low)}…`
}

function bars(frame: Frame, picture: Picture, at: number): void {
  const { context, width, colours } = frame
  const line = picture.lines[at] as Line
  const y = yOf(picture, at)
  let right = Number.NEGATIVE_INFINITY
  for (const part of line.parts) {
    const from = across(picture, width, placeOf(picture.axis, part.from))
    const to = across(picture, width, placeOf(picture.axis, part.to ?? picture.now))
    right = Math.max(right, to)
    if (to < picture.names || from > width) continue
    drawPart(context, colours, line, part, from, Math.max(to, from + 2), y)
  }
  if (picture.critical.has(line.id)) {
    const begin = line.parts.find((each) => each.kind === "run" || each.kind === "span")
    if (begin) {
      const from = across(picture, width, placeOf(picture.axis, begin.from))
      context.fillStyle = colours("ink")
      context.fillRect(from, y + ROW - 4, Math.max(2, right - from), 2)
    }
  }
  if (line.begun !== null && right > picture.names && right < width) {
    const took = ((line.ended ?? picture.now) - line.begun) / 1000
    context.font = font(colours, 11)
    context.fillStyle = colours("dim")
    context.textAlign = "left"
    context.fillText(duration(took), right + 6, y + ROW / 2)
  }
}

function drawPart(
  context: CanvasRenderingContext2D,
  colours: Palette,
  line: Line,
  part: Part,
  from: number,
  to: number,
  y: number,
): void {
  const { family } = stateOf(part.outcome || "running")
  const [top, high] = [y + 7, ROW - 14]
  switch (part.kind) {
    case "ready":
    case "rest":
      // waiting is a line, so that a long wait does not look like much work
      context.strokeStyle = colours(part.kind === "ready" ? "waiting" : "stale")
      context.lineWidth = 1.5
      context.setLineDash(part.kind === "ready" ? [2, 3] : [5, 3])
      context.beginPath()
      context.moveTo(from, y + ROW / 2)
      context.lineTo(to, y + ROW / 2)
      context.stroke()
      context.setLineDash([])
      return
    case "starting":
      context.fillStyle = colours("waiting-soft")
      context.fillRect(from, top, to - from, high)
      return
    case "span":
      summary(context, colours, line, from, to, top, high)
      return
    case "run": {
      context.fillStyle = part.outcome === "succeeded" ? colours("fresh") : colours(family)
      context.globalAlpha = part.to === null ? 0.75 : 1
      context.beginPath()
      context.roundRect(from, top, to - from, high, Math.min(2.5, (to - from) / 2))
      context.fill()
      context.globalAlpha = 1
      if (part.attempt > 1 && to - from > 16) {
        context.fillStyle = colours("panel")
        context.font = font(colours, 10, 600)
        context.textAlign = "center"
        context.fillText(String(part.attempt), (from + to) / 2, y + ROW / 2 + 0.5)
      }
      return
    }
  }
}

/** Many step runs as one bar: pale, with a part of it in the colour of each state. */
function summary(
  context: CanvasRenderingContext2D,
  colours: Palette,
  line: Line,
  from: number,
  to: number,
  top: number,
  high: number,
): void {
  const { family } = stateOf(line.state)
  context.fillStyle = colours(`${family}-soft`)
  context.beginPath()
  context.roundRect(from, top, to - from, high, 2.5)
  context.fill()
  if (line.kind === "run") {
    context.strokeStyle = colours(family)
    context.lineWidth = 1
    context.stroke()
    return
  }
  let x = from
  for (const [state, count] of Object.entries(line.states)) {
    const wide = ((to - from) * count) / Math.max(1, line.count)
    context.fillStyle = colours(stateOf(state).family)
    context.fillRect(x, top + high - 4, Math.max(state === "succeeded" ? 0 : 1.5, wide), 4)
    x += wide
  }
}

function now(frame: Frame, picture: Picture): void {
  const { context, width, height, colours } = frame
  const x = Math.round(across(picture, width, placeOf(picture.axis, picture.now)))
  context.fillStyle = colours("running")
  context.fillRect(x, HEAD, 1.5, height - HEAD)
}
