/** The picture of a strip: cells of one colour each, what is selected, where the keyboard is, keys below. */
import { drawState, fitted, textWidth } from "@/canvas/marks"
import { font, type Palette, type Token } from "@/canvas/palette"
import type { Frame } from "@/canvas/surface"
import { stateOf } from "@/theme/states"
import type { Ranges } from "./partition-strip-ranges"
import { gathered, pixelOf, type Stretch, type Window } from "./partition-strip-window"

export const BAND = 38
export const AXIS = 20
export const OVERVIEW = 14
export const EDGE = 3

export interface StripPicture {
  readonly stretches: readonly Stretch[]
  readonly whole: Window
  readonly window: Window
  readonly marks: ReadonlyArray<readonly unknown[]>
  readonly selection: Ranges
  readonly lit: readonly string[]
  readonly cursor: number | null
  readonly hover: number | null
}

/** What is fresh is pale, so that trouble is what has colour. */
export function fillOf(status: string, colours: Palette): string {
  const { family } = stateOf(status)
  const token: Token = family === "fresh" || family === "missing" ? `${family}-soft` : family
  return colours(token)
}

export function drawStrip(frame: Frame, picture: StripPicture): void {
  const { context, width } = frame
  const zoomed = isZoomed(picture)
  context.save()
  context.beginPath()
  context.rect(0, 0, width, BAND + 2 * EDGE)
  context.clip()
  cells(frame, picture)
  selected(frame, picture)
  context.restore()
  axis(frame, picture)
  if (zoomed) overview(frame, picture)
}

export function isZoomed({ whole, window }: { whole: Window; window: Window }): boolean {
  return window.stop - window.start < whole.stop - whole.start - 0.01
}

/** How high a strip is: with a small one of the whole below while it is zoomed. */
export function heightOf(picture: { whole: Window; window: Window }): number {
  return BAND + 2 * EDGE + AXIS + (isZoomed(picture) ? OVERVIEW : 0)
}

function cells({ context, width, ratio, colours }: Frame, picture: StripPicture): void {
  const { stretches, window, lit } = picture
  const each = width / (window.stop - window.start)
  const dim = (status: string) => (lit.length > 0 && !lit.includes(status) ? 0.22 : 1)
  if (each < 3) {
    const columns = Math.max(1, Math.round(width * ratio))
    const column = width / columns
    for (const { start, stop, status } of gathered(stretches, window, columns)) {
      context.globalAlpha = dim(status)
      context.fillStyle = fillOf(status, colours)
      // one alone is wide enough to be seen
      const wide = Math.max((stop - start) * column, status === "fresh" || status === "missing" ? 0 : 2)
      context.fillRect(start * column, EDGE, wide, BAND)
    }
    context.globalAlpha = 1
    return
  }
  const gap = Math.min(2, Math.max(0.5, each * 0.14))
  for (const { start, stop, status } of stretches) {
    const first = Math.max(start, Math.floor(window.start))
    const last = Math.min(stop, Math.ceil(window.stop))
    context.globalAlpha = dim(status)
    context.fillStyle = fillOf(status, colours)
    context.beginPath()
    for (let ordinal = first; ordinal < last; ordinal += 1)
      context.roundRect(
        pixelOf(ordinal, width, window) + gap / 2,
        EDGE,
        each - gap,
        BAND,
        Math.min(3, each / 5),
      )
    context.fill()
    if (each < 15 || status === "fresh") continue
    // a shape beside the colour, where there is room for it
    for (let ordinal = first; ordinal < last; ordinal += 1) {
      const middle = pixelOf(ordinal, width, window) + each / 2
      if (status === "missing") drawState(context, colours, status, middle, EDGE + BAND / 2, 10)
      else inset(context, colours, status, middle)
    }
  }
  context.globalAlpha = 1
}

function inset(context: CanvasRenderingContext2D, colours: Palette, status: string, x: number): void {
  context.save()
  context.fillStyle = colours("panel")
  context.beginPath()
  context.arc(x, EDGE + BAND / 2, 7.5, 0, 2 * Math.PI)
  context.fill()
  context.restore()
  drawState(context, colours, status, x, EDGE + BAND / 2, 9)
}

function selected({ context, width, colours }: Frame, picture: StripPicture): void {
  const { selection, window, cursor, hover } = picture
  context.lineWidth = 2
  context.strokeStyle = colours("accent")
  for (const [start, stop] of selection) {
    if (stop <= window.start || start >= window.stop) continue
    const from = pixelOf(start, width, window)
    const wide = Math.max(3, pixelOf(stop, width, window) - from)
    context.globalAlpha = 0.18
    context.fillStyle = colours("accent")
    context.fillRect(from, 0, wide, BAND + 2 * EDGE)
    context.globalAlpha = 1
    context.strokeRect(from, 1, wide, BAND + 2 * EDGE - 2)
  }
  for (const [ordinal, colour] of [
    [hover, "dim"],
    [cursor, "focus"],
  ] as const) {
    if (ordinal === null) continue
    const from = pixelOf(ordinal, width, window)
    const wide = Math.max(2, pixelOf(ordinal + 1, width, window) - from)
    context.lineWidth = colour === "focus" ? 2 : 1
    context.strokeStyle = colours(colour)
    context.strokeRect(from + 0.5, 1.5, Math.max(1, wide - 1), BAND + 2 * EDGE - 3)
  }
}

function axis({ context, width, colours }: Frame, { marks, window }: StripPicture): void {
  context.font = font(colours, 11)
  context.textBaseline = "alphabetic"
  let free = 0
  for (const [ordinal, key] of marks) {
    const at = pixelOf(Number(ordinal), width, window)
    if (at < free || at > width - 30) continue
    const room = width - at - 6
    const text = fitted(context, String(key), Math.min(160, room))
    // at the right edge half a key would say nothing
    if (room < 160 && text !== String(key)) continue
    context.fillStyle = colours("line-strong")
    context.fillRect(Math.round(at), BAND + 2 * EDGE, 1, 4)
    context.fillStyle = colours("faint")
    context.fillText(text, Math.round(at) + 4, BAND + 2 * EDGE + 14)
    free = at + textWidth(context, text) + 18
  }
}

function overview({ context, width, ratio, colours }: Frame, picture: StripPicture): void {
  const top = BAND + 2 * EDGE + AXIS
  const columns = Math.max(1, Math.round(width * ratio))
  for (const { start, stop, status } of gathered(picture.stretches, picture.whole, columns)) {
    context.fillStyle = fillOf(status, colours)
    context.fillRect((start * width) / columns, top + 3, ((stop - start) * width) / columns, 6)
  }
  const from = pixelOf(picture.window.start, width, picture.whole)
  const to = pixelOf(picture.window.stop, width, picture.whole)
  context.strokeStyle = colours("ink")
  context.lineWidth = 1.5
  context.strokeRect(Math.min(from + 0.75, width - 5), top + 1, Math.max(4, to - from - 1.5), 10)
}
