/** What became of a step from one version to another: a sign in a colour, the same on cards and on the canvas. */
import type { Palette } from "@/canvas/palette"
import type { Family } from "@/theme/states"
import type { Change } from "./types"

interface Look {
  readonly family: Family
  /** The sign in a box of 12 × 12; none for what is the same. */
  readonly sign: string
  readonly word: string
}

const LOOKS: Readonly<Record<Change, Look>> = {
  added: { family: "fresh", sign: "M6 3.1v5.8M3.1 6h5.8", word: "added" },
  removed: { family: "failed", sign: "M3.1 6h5.8", word: "removed" },
  changed: { family: "stale", sign: "M2.7 6.9c.9-2.2 2.1-2.2 3.3-.9s2.4 1.3 3.3-.9", word: "changed" },
  same: { family: "missing", sign: "", word: "the same" },
}

export function lookOf(change: Change): Look {
  return LOOKS[change]
}

/** How the lines of edges are broken, in pixels: what was added is whole, what was removed dots. */
export const DASHES: Readonly<Record<Change, readonly number[]>> = {
  added: [],
  removed: [1.5, 4.5],
  changed: [9, 4],
  same: [],
}

/** Draw the mark with its middle at (x, y), `size` wide. */
export function drawChange(
  context: CanvasRenderingContext2D,
  colours: Palette,
  change: Change,
  x: number,
  y: number,
  size: number,
): void {
  const { family, sign } = lookOf(change)
  context.save()
  context.translate(x - size / 2, y - size / 2)
  context.scale(size / 12, size / 12)
  context.beginPath()
  if (sign === "") {
    context.arc(6, 6, 1.8, 0, 2 * Math.PI)
    context.fillStyle = colours("line-strong")
    context.fill()
  } else {
    context.roundRect(0, 0, 12, 12, 3)
    context.fillStyle = colours(family)
    context.fill()
    context.strokeStyle = colours("panel")
    context.lineWidth = 1.8
    context.lineCap = "round"
    context.stroke(new Path2D(sign))
  }
  context.restore()
}
