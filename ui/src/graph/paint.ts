/**
 * Draws a scene, with as much detail as can be read at its zoom: from far blocks of colour with the names of groups,
 * nearer names with marks, near whole cards.
 */
import { drawState, fitted, textWidth } from "@/canvas/marks"
import { font, type Palette, type Token } from "@/canvas/palette"
import type { Frame } from "@/canvas/surface"
import { type Family, stateOf, WORST_FIRST } from "@/theme/states"
import type { Camera } from "./camera"
import { DASHES, drawChange, lookOf } from "./change"
import type { Scene } from "./scene"
import { CARD, type GraphEdge, type Item } from "./types"

/** Below the first, blocks of colour; below the second, names; above, cards. */
export const DETAIL = { names: 0.2, cards: 0.5 } as const

/** The size of a name on a card that has nothing else: such that it can be read, as long as most of it fits. */
export function nameSize(zoom: number, name: string, room: number): number {
  return Math.min(32, 11.5 / zoom, Math.max(19, room / (0.6 * Math.max(1, name.length))))
}

/** How much larger letters on whole cards are while these are seen from farther away; what is no room for is cut. */
export function growth(zoom: number): number {
  return Math.min(1.5, Math.max(1, 1 / zoom))
}

/** The size of a name on a whole card: grown as far as it fits. */
export function titleSize(grown: number, name: string, room: number): number {
  return Math.min(13 * grown, Math.max(13, room / (0.56 * Math.max(1, name.length))))
}

export interface Look {
  readonly camera: Camera
  readonly selected: ReadonlySet<number>
  /** What is pointed at or has the keyboard's focus, with what it reaches. */
  readonly reached: { readonly items: ReadonlySet<number>; readonly edges: ReadonlySet<number> } | null
  readonly hovered: number | null
  readonly focused: number | null
  /** Items that a search found; null without a search. */
  readonly found: ReadonlySet<number> | null
}

export function paint({ context, width, height, colours }: Frame, scene: Scene, look: Look): void {
  const { camera } = look
  const { zoom } = camera
  const view = {
    left: camera.x,
    top: camera.y,
    right: camera.x + width / zoom,
    bottom: camera.y + height / zoom,
  }
  context.save()
  context.scale(zoom, zoom)
  context.translate(-camera.x, -camera.y)
  paintFrames(context, colours, scene, zoom)
  paintLines(context, colours, scene, look, view)
  const { layout, items } = scene
  const quiet = (item: number) =>
    look.found !== null ? !look.found.has(item) : look.reached !== null && !look.reached.items.has(item)
  for (let item = 0; item < items.length; item += 1) {
    const [x, y] = [layout.x[item] as number, layout.y[item] as number]
    const [w, h] = [scene.width[item] as number, scene.height[item] as number]
    if (x > view.right || y > view.bottom || x + w < view.left || y + h < view.top) continue
    context.globalAlpha = quiet(item) ? 0.22 : 1
    const given = items[item] as Item
    if (zoom < DETAIL.names) paintBlock(context, colours, given, x, y, w, h, zoom)
    else paintCard(context, colours, given, x, y, w, h, zoom)
    context.globalAlpha = 1
    const ring = look.selected.has(item)
      ? "accent"
      : item === look.focused || item === look.hovered
        ? "focus"
        : null
    if (ring) paintRing(context, colours(ring), x, y, w, h, zoom, look.selected.has(item))
  }
  context.restore()
  if (zoom < DETAIL.cards) paintGroupNames(context, colours, scene, camera, width, height)
}

function paintFrames(context: CanvasRenderingContext2D, colours: Palette, scene: Scene, zoom: number): void {
  for (const frame of scene.frames) {
    context.beginPath()
    context.roundRect(frame.x, frame.y, frame.width, frame.height, 12)
    context.fillStyle = colours("sunken")
    context.fill()
    context.lineWidth = 1 / Math.min(1, zoom)
    context.strokeStyle = colours("line")
    context.stroke()
    if (zoom >= DETAIL.cards) {
      context.fillStyle = colours("dim")
      context.font = font(colours, 12.5, 600)
      context.textBaseline = "middle"
      context.fillText(fitted(context, frame.group, frame.width - 36), frame.x + 18, frame.y + 18)
    }
  }
  for (const block of scene.layout.blocks) {
    context.beginPath()
    context.roundRect(block.x, block.y, block.width, block.height, 10)
    context.lineWidth = 1 / Math.min(1, zoom)
    context.strokeStyle = colours("line")
    context.stroke()
  }
}

interface View {
  readonly left: number
  readonly top: number
  readonly right: number
  readonly bottom: number
}

function paintLines(
  context: CanvasRenderingContext2D,
  colours: Palette,
  { layout, dashed, differing, edges }: Scene,
  { camera: { zoom }, reached, found }: Look,
  view: View,
): void {
  const { segments, starts, parts } = layout
  const curved = zoom > 0.12
  const trace = (at: number) => {
    const [x1, y1] = [segments[at] as number, segments[at + 1] as number]
    const [x2, y2] = [segments[at + 2] as number, segments[at + 3] as number]
    if (Math.max(x1, x2) < view.left || Math.min(x1, x2) > view.right) return
    if (Math.max(y1, y2) < view.top || Math.min(y1, y2) > view.bottom) return
    context.moveTo(x1, y1)
    if (!curved || Math.abs(y1 - y2) < 0.5) context.lineTo(x2, y2)
    else {
      const middle = (x1 + x2) / 2
      context.bezierCurveTo(middle, y1, middle, y2, x2, y2)
    }
  }
  context.lineWidth = Math.max(1.2, 0.8 / zoom)
  context.strokeStyle = colours("line-strong")
  // from far away many lines would be a grey mass: they are there, but behind what matters
  const many = Math.min(0.7, Math.max(0.12, 1200 / (segments.length / 4)))
  context.globalAlpha =
    reached || found
      ? Math.min(0.25, many)
      : zoom < DETAIL.names
        ? many
        : zoom < DETAIL.cards
          ? Math.max(many, 0.5)
          : 1
  context.beginPath()
  for (let at = 0; at < segments.length; at += 4) if (!dashed?.[at / 4]) trace(at)
  context.stroke()
  if (dashed) {
    context.setLineDash([4 / Math.min(1, zoom), 4 / Math.min(1, zoom)])
    context.beginPath()
    for (let at = 0; at < segments.length; at += 4) if (dashed[at / 4]) trace(at)
    context.stroke()
    context.setLineDash([])
  }
  context.lineWidth = Math.max(2.2, 1.6 / zoom)
  for (const edge of differing) {
    const { change = "same" } = edges[edge] as GraphEdge
    context.strokeStyle = colours(lookOf(change).family)
    context.setLineDash(DASHES[change].map((each) => each / Math.min(1, zoom)))
    context.beginPath()
    for (const part of parts.subarray(starts[edge], starts[edge + 1])) trace(part * 4)
    context.stroke()
  }
  context.setLineDash([])
  context.globalAlpha = 1
  if (reached === null) return
  context.strokeStyle = colours("accent")
  context.lineWidth = Math.max(1.6, 1.2 / zoom)
  context.beginPath()
  const drawn = new Set<number>()
  for (const edge of reached.edges)
    for (let at = starts[edge] as number; at < (starts[edge + 1] as number); at += 1) {
      const part = parts[at] as number
      if (drawn.has(part)) continue
      drawn.add(part)
      trace(part * 4)
    }
  context.stroke()
}

/** The colour of an item from far away: pale where all is well, so that trouble stands out. */
export function tone(item: Item): Token {
  if (item.change !== undefined) return item.change === "same" ? "line-strong" : lookOf(item.change).family
  if (item.hue !== undefined) return `hue-${item.hue}`
  if (item.state === undefined) return "line-strong"
  const { family } = stateOf(item.state)
  return family === "fresh" ? "fresh-soft" : family
}

function paintBlock(
  context: CanvasRenderingContext2D,
  colours: Palette,
  item: Item,
  x: number,
  y: number,
  width: number,
  height: number,
  zoom: number,
): void {
  // never less than two pixels of the screen
  const [w, h] = [Math.max(width, 2 / zoom), Math.max(height, 2 / zoom)]
  context.fillStyle = colours(tone(item))
  if (zoom > 0.05) {
    context.beginPath()
    context.roundRect(x, y, w, h, item.shape === "round" ? h / 2 : 8)
    context.fill()
  } else context.fillRect(x, y, w, h)
}

function paintCard(
  context: CanvasRenderingContext2D,
  colours: Palette,
  item: Item,
  x: number,
  y: number,
  width: number,
  height: number,
  zoom: number,
): void {
  const whole = zoom >= DETAIL.cards
  const family = familyOf(item)
  const trouble = isMarked(item, family)
  if (item.folds !== undefined) {
    // a folded group looks like a pile
    context.beginPath()
    context.roundRect(x + 5, y + 5, width, height, 8)
    context.fillStyle = colours("sunken")
    context.fill()
    context.strokeStyle = colours("line-strong")
    context.lineWidth = 1
    context.stroke()
  }
  context.beginPath()
  context.roundRect(x, y, width, height, item.shape === "round" ? Math.min(20, height / 2) : 8)
  context.fillStyle = colours("panel")
  context.fill()
  context.lineWidth = trouble ? 1.6 : 1
  if (item.change === "removed") context.setLineDash([4, 3])
  context.strokeStyle =
    item.hue !== undefined
      ? colours(`hue-${item.hue}`)
      : trouble && family
        ? colours(family)
        : colours("line-strong")
  context.stroke()
  context.setLineDash([])
  context.textBaseline = "middle"
  const left = x + (item.state || item.change ? 34 : 14)
  const single = height < 50
  const grown = growth(zoom)
  const line = single ? y + height / 2 : y + (whole ? 15 + 4 * grown : height / 2)
  const letters = whole
    ? titleSize(grown, item.name, CARD.width - (item.shape === "round" ? 62 : 50))
    : nameSize(zoom, item.name, CARD.width - 56)
  const mark = whole ? 12 * grown : letters * 0.9
  if (item.change) drawChange(context, colours, item.change, x + 19, line, mark)
  else if (item.state) drawState(context, colours, item.state, x + 19, line, mark)
  context.fillStyle = colours(item.change === "same" ? "dim" : "ink")
  context.font = font(colours, letters, 600)
  const room = x + width - left - (item.more ? 24 : 10) - (whole ? 0 : letters * 0.3)
  context.fillText(fitted(context, item.name, room), left + (whole ? 0 : letters * 0.3), line)
  if (item.more) {
    context.fillStyle = colours("faint")
    context.fillText("…", x + width - 20, line - 3)
  }
  if (!whole || single) return
  context.font = font(colours, 11.5 * grown)
  const second = y + 31.5 + 5.5 * grown
  const words = item.stateWords ?? (item.state ? stateOf(item.state).label : "")
  let at = left
  if (words) {
    context.fillStyle = family ? colours(`${family}-ink`) : colours("dim")
    const said = fitted(context, words, room)
    context.fillText(said, at, second)
    at += context.measureText(said).width + 10
  }
  if (at < x + width - 40) {
    context.fillStyle = colours("faint")
    context.fillText(restOf(context, item, x + width - 12 - at), at, second)
  }
  paintStrip(context, colours, item, x + 14, y + height - 11, width - 28)
}

/** What else is said on a card, in order of weight, as much as fits. */
function restOf(context: CanvasRenderingContext2D, item: Item, room: number): string {
  const parts = [item.note, item.system, ...(item.chips ?? [])].filter((each) => !!each)
  for (let count = parts.length; count > 1; count -= 1) {
    const text = parts.slice(0, count).join(" · ")
    if (textWidth(context, text) <= room) return text
  }
  return fitted(context, parts[0] ?? "", room)
}

function familyOf({ change, state }: Item): Family | null {
  if (change !== undefined) return lookOf(change).family
  return state === undefined ? null : stateOf(state).family
}

/** Whether it has a border in its colour: what is well or only waits has none. */
function isMarked({ change }: Item, family: Family | null): boolean {
  if (change !== undefined) return change !== "same"
  return family !== null && !["fresh", "missing", "waiting"].includes(family)
}

/** The mini strip at a card's foot: states along the partitions, or their shares. */
function paintStrip(
  context: CanvasRenderingContext2D,
  colours: Palette,
  item: Item,
  x: number,
  y: number,
  width: number,
): void {
  const parts = stripOf(item)
  const total = parts.reduce((sum, [, count]) => sum + count, 0)
  if (total === 0) return
  let at = x
  for (const [state, count] of parts) {
    const wide = (width * count) / total
    const { family } = stateOf(state)
    context.fillStyle = colours(family === "fresh" || family === "missing" ? `${family}-soft` : family)
    // what is in trouble is seen, however small its share
    context.fillRect(at, y, Math.max(wide - 0.5, family === "fresh" || family === "missing" ? 0 : 2), 5)
    at += wide
  }
}

/** A node's strip, or without one the counts of its states, from good to bad. */
export function stripOf(item: Item): ReadonlyArray<readonly [state: string, count: number]> {
  if (item.strip) return item.strip
  const order = (state: string) => {
    const place = (WORST_FIRST as readonly string[]).indexOf(state)
    return place < 0 ? WORST_FIRST.length : place
  }
  const counts = Object.entries(item.counts ?? {}).filter((each) => each[1] > 0)
  return counts.sort((a, b) => order(b[0]) - order(a[0]))
}

function paintRing(
  context: CanvasRenderingContext2D,
  color: string,
  x: number,
  y: number,
  width: number,
  height: number,
  zoom: number,
  strong: boolean,
): void {
  const away = 3 / Math.min(1, zoom)
  context.beginPath()
  context.roundRect(x - away, y - away, width + 2 * away, height + 2 * away, 10)
  context.strokeStyle = color
  context.lineWidth = (strong ? 2.4 : 1.6) / Math.min(1, zoom)
  context.stroke()
}

/** The names of open groups at the size of text, while the drawing is too small for it. */
function paintGroupNames(
  context: CanvasRenderingContext2D,
  colours: Palette,
  scene: Scene,
  camera: Camera,
  width: number,
  height: number,
): void {
  context.textBaseline = "middle"
  for (const frame of scene.frames) {
    const x = (frame.x - camera.x) * camera.zoom
    const y = (frame.y - camera.y) * camera.zoom
    const wide = frame.width * camera.zoom
    if (x > width || y > height || x + wide < 0 || y + frame.height * camera.zoom < 0 || wide < 44) continue
    context.font = font(colours, wide < 7.4 * frame.group.length + 12 ? 10 : 12, 600)
    const text = fitted(context, frame.group, wide - 12)
    context.fillStyle = colours("sunken")
    context.globalAlpha = 0.85
    context.fillRect(x + 3, y + 3, context.measureText(text).width + 10, 18)
    context.globalAlpha = 1
    context.fillStyle = colours("dim")
    context.fillText(text, x + 8, y + 12)
  }
}
