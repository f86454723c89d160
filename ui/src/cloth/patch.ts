import type { Line, Patch, Thread } from "./types"
import { columnStart, type Span } from "./window"

/** The patch between two corners, whichever way it was dragged. */
export function patchOf(one: readonly [number, number], other: readonly [number, number]): Patch {
  return {
    lines: [Math.min(one[0], other[0]), Math.max(one[0], other[0])],
    columns: [Math.min(one[1], other[1]), Math.max(one[1], other[1])],
  }
}

export function inPatch(patch: Patch | null, line: number, column: number): boolean {
  return (
    patch !== null &&
    line >= patch.lines[0] &&
    line <= patch.lines[1] &&
    column >= patch.columns[0] &&
    column <= patch.columns[1]
  )
}

/** The threads of a patch: a folded group stands for all that are in it. */
export function threadsOf(lines: readonly Line[], patch: Patch): Thread[] {
  const found = lines
    .slice(patch.lines[0], patch.lines[1] + 1)
    .flatMap((line) => (line.type === "thread" ? [line.thread] : line.folded ? line.threads : []))
  return [...new Set(found)]
}

/** The time that a patch covers. */
export function timeOf(span: Span, columns: number, patch: Patch): Span {
  return {
    since: Math.round(columnStart(span, columns, patch.columns[0])),
    until: Math.round(columnStart(span, columns, patch.columns[1] + 1)),
  }
}
