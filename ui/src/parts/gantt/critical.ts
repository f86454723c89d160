/** The chain of step runs that the end of a run waited for: shortening anything else would not end it sooner. */

export interface Piece {
  readonly id: string
  readonly step: string
  readonly begun: number | null
  readonly ended: number | null
}

/** Clocks of workers and of the ledger are some milliseconds apart. */
const SLACK = 50

/**
 * The ids on the critical path, from the first to the last. What a step waits for are the steps above it where those
 * are known, and otherwise whatever ended last before it began.
 */
export function criticalPath(
  pieces: readonly Piece[],
  above: ReadonlyMap<string, readonly string[]>,
): string[] {
  const ended = pieces
    .filter((each): each is Done => each.begun !== null && each.ended !== null)
    .sort((a, b) => a.ended - b.ended)
  const byStep = new Map<string, typeof ended>()
  for (const each of ended) {
    const same = byStep.get(each.step)
    if (same) same.push(each)
    else byStep.set(each.step, [each])
  }
  const found: string[] = []
  let at: Done | undefined = ended.at(-1)
  while (at !== undefined) {
    found.push(at.id)
    const next: Done = at
    const known = above.get(next.step)
    at = known
      ? known.map((each) => lastBefore(byStep.get(each) ?? [], next)).reduce(later, undefined)
      : lastBefore(ended, next)
  }
  return found.reverse()
}

type Done = Piece & { readonly begun: number; readonly ended: number }

function later(one: Done | undefined, other: Done | undefined): Done | undefined {
  return one === undefined || (other !== undefined && other.ended > one.ended) ? other : one
}

/** Of pieces in the order of their ends the last one that had ended when another began. */
function lastBefore(pieces: readonly Done[], next: Done): Done | undefined {
  let [low, high] = [0, pieces.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((pieces[middle] as Done).ended <= next.begun + SLACK) low = middle + 1
    else high = middle
  }
  for (let at = low - 1; at >= 0; at -= 1) {
    const each = pieces[at] as Done
    if (each.id !== next.id && each.begun < next.begun && each.ended < next.ended) return each
  }
  return undefined
}
