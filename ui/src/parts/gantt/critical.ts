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
    .filter((each): each is Piece & { begun: number; ended: number } => each.begun !== null && each.ended !== null)
    .sort((a, b) => a.ended - b.ended)
  const byStep = Map.groupBy(ended, (each) => each.step)
  const found: string[] = []
  let at = ended.at(-1)
  while (at !== undefined) {
    found.push(at.id)
    const { begun, ended: end, id, step } = at
    const known = above.get(step)
    const before = known ? known.flatMap((each) => byStep.get(each) ?? []) : ended
    let last: (typeof ended)[number] | undefined
    for (const each of before)
      if (
        each.id !== id &&
        each.ended <= begun + SLACK &&
        each.begun < begun &&
        each.ended < end &&
        (last === undefined || each.ended > last.ended)
      )
        last = each
    at = last
  }
  return found.reverse()
}
