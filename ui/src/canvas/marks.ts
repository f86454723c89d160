/** The shapes of parts/state-mark.tsx on a canvas. */
import { type Shape, stateOf } from "@/theme/states"
import type { Palette } from "./palette"

/** Draw a state's mark with its middle at (x, y), `size` pixels wide. */
export function drawState(
  context: CanvasRenderingContext2D,
  colours: Palette,
  state: string,
  x: number,
  y: number,
  size = 12,
): void {
  const { family, shape } = stateOf(state)
  drawShape(context, shape, x, y, size, colours(family))
}

/** Draw a shape in a colour. The figures are those of the SVG, in a box of 12 × 12. */
export function drawShape(
  context: CanvasRenderingContext2D,
  shape: Shape,
  x: number,
  y: number,
  size: number,
  color: string,
): void {
  context.save()
  context.translate(x - size / 2, y - size / 2)
  context.scale(size / 12, size / 12)
  context.fillStyle = color
  context.strokeStyle = color
  context.beginPath()
  trace(context, shape)
  context.restore()
}

function circle(context: CanvasRenderingContext2D, radius: number): void {
  context.moveTo(6 + radius, 6)
  context.arc(6, 6, radius, 0, 2 * Math.PI)
}

function stroke(context: CanvasRenderingContext2D, width: number): void {
  context.lineWidth = width
  context.stroke()
}

function trace(context: CanvasRenderingContext2D, shape: Shape): void {
  switch (shape) {
    case "disc":
      circle(context, 4.6)
      context.fill()
      break
    case "double":
      circle(context, 4.6)
      stroke(context, 1.4)
      context.beginPath()
      circle(context, 2.2)
      context.fill()
      break
    case "triangle":
      context.moveTo(6, 0.8)
      context.lineTo(11.6, 11)
      context.lineTo(0.4, 11)
      context.closePath()
      context.fill()
      break
    case "square":
      context.roundRect(1.7, 1.7, 8.6, 8.6, 1)
      stroke(context, 2)
      break
    case "ring":
      circle(context, 4.2)
      stroke(context, 1.7)
      break
    case "half":
      circle(context, 4.4)
      stroke(context, 1.6)
      context.beginPath()
      context.arc(6, 6, 4.4, -Math.PI / 2, Math.PI / 2)
      context.fill()
      break
    case "diamond":
      context.moveTo(6, 0.9)
      context.lineTo(11.1, 6)
      context.lineTo(6, 11.1)
      context.lineTo(0.9, 6)
      context.closePath()
      stroke(context, 1.8)
      break
    case "dashed":
      circle(context, 4.4)
      context.setLineDash([2.3, 2.3])
      stroke(context, 1.5)
      break
    case "arc":
      context.globalAlpha *= 0.28
      circle(context, 4.4)
      stroke(context, 2)
      context.globalAlpha /= 0.28
      context.beginPath()
      context.lineCap = "round"
      context.arc(6, 6, 4.4, -Math.PI / 2, 0)
      stroke(context, 2)
      break
    case "dash":
      context.moveTo(2, 6)
      context.lineTo(10, 6)
      context.lineCap = "round"
      stroke(context, 2)
      break
    case "cross":
      context.moveTo(2.4, 2.4)
      context.lineTo(9.6, 9.6)
      context.moveTo(9.6, 2.4)
      context.lineTo(2.4, 9.6)
      context.lineCap = "round"
      stroke(context, 2)
      break
    case "bars":
      context.moveTo(4, 2.2)
      context.lineTo(4, 9.8)
      context.moveTo(8, 2.2)
      context.lineTo(8, 9.8)
      context.lineCap = "round"
      stroke(context, 2.2)
      break
  }
}

const widths = new Map<string, number>()
let lettersOf = ""

/** How wide a text is in the context's font; remembered, since measuring is most of the cost of drawing text. */
export function textWidth(context: CanvasRenderingContext2D, text: string): number {
  if (context.font !== lettersOf || widths.size > 20_000) {
    widths.clear()
    lettersOf = context.font
  }
  let width = widths.get(text)
  if (width === undefined) {
    width = context.measureText(text).width
    widths.set(text, width)
  }
  return width
}

/** The text, or as much of its beginning and end as fits: both tell keys apart, their middle seldom does. */
export function fitted(context: CanvasRenderingContext2D, text: string, room: number): string {
  if (textWidth(context, text) <= room) return text
  let [low, high] = [0, text.length]
  while (low < high) {
    const kept = Math.ceil((low + high) / 2)
    if (textWidth(context, shortened(text, kept)) <= room) low = kept
    else high = kept - 1
  }
  return low === 0 ? "" : shortened(text, low)
}

function shortened(text: string, kept: number): string {
  const end = Math.floor(kept / 3)
  return `${text.slice(0, kept - end)}…${end ? text.slice(-end) : ""}`
}
