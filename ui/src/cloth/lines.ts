import { WORST_FIRST } from "@/theme/states"
import type { Cell, Line, Thread } from "./types"

const RANK = new Map<string, number>(WORST_FIRST.map((word, at) => [word, at]))

function rank(state: string): number {
  return RANK.get(state) ?? WORST_FIRST.length
}

/** The lines to draw: threads in their order; with more than one group a title before each, and folded ones as one. */
export function linesOf(threads: readonly Thread[], folded: ReadonlySet<string>): Line[] {
  const groups = new Map<string, Thread[]>()
  for (const thread of threads) {
    const name = thread.kind === "asset" ? thread.group || "default" : "pipelines"
    groups.set(name, [...(groups.get(name) ?? []), thread])
  }
  if (groups.size <= 1) return threads.map((thread) => ({ type: "thread", thread }))
  return [...groups].flatMap(([group, members]): Line[] => {
    const closed = folded.has(group)
    const title: Line = { type: "group", group, folded: closed, threads: members }
    return closed ? [title] : [title, ...members.map((thread): Line => ({ type: "thread", thread }))]
  })
}

/** The worst of several threads in each column, as a folded group shows it. */
export function worstOf(threads: readonly Thread[], columns: number): Cell[] {
  const worst: (string | null)[] = new Array(columns).fill(null)
  const counts: number[] = new Array(columns).fill(0)
  for (const thread of threads)
    for (const [first, last, state, count] of thread.cells)
      for (let column = Math.max(0, first); column <= Math.min(last, columns - 1); column += 1) {
        const before = worst[column] ?? null
        if (before === null || rank(state) < rank(before)) {
          worst[column] = state
          counts[column] = count
        }
      }
  const cells: Cell[] = []
  for (let column = 0; column < columns; column += 1) {
    const state = worst[column]
    if (!state) continue
    const before = cells.at(-1)
    if (before && before[1] === column - 1 && before[2] === state)
      cells[cells.length - 1] = [before[0], column, state, before[3] + (counts[column] ?? 0)]
    else cells.push([column, column, state, counts[column] ?? 0])
  }
  return cells
}

/** What is in one column of a thread; null where nothing was ever asked for. */
export function cellAt(thread: Thread, column: number): Cell | null {
  let low = 0
  let high = thread.cells.length - 1
  while (low <= high) {
    const middle = (low + high) >> 1
    const cell = thread.cells[middle] as Cell
    if (column < cell[0]) high = middle - 1
    else if (column > cell[1]) low = middle + 1
    else return cell
  }
  return null
}

/** States that are there, with how many threads have them somewhere: for the legend. */
export function statesIn(threads: readonly Thread[]): string[] {
  const found = new Set(threads.flatMap((thread) => thread.cells.map((cell) => cell[2])))
  return [...found].sort((one, other) => rank(other) - rank(one))
}
