/** What a cell of the grid says: how the step runs of one step (or group) stand in one run. */
import type { Schema } from "@/api/client"
import type { GridRow } from "./rows"

export type Run = Schema["GridRun"]
type Cell = Schema["GridCell"]

/** From the worst to the best; of several words in a cell the first one is its state. */
const WORST = [
  "failed",
  "timed_out",
  "crashed",
  "lost",
  "rejected",
  "upstream_failed",
  "suspended",
  "running",
  "cancelling",
  "starting",
  "retrying",
  "queued",
  "waiting",
  "ready",
  "scheduled",
  "created",
  "cancelled",
  "removed",
  "skipped",
  "reused",
  "succeeded",
]
const RANK = new Map(WORST.map((word, index) => [word, index]))

export function rank(word: string): number {
  return RANK.get(word) ?? WORST.length
}

/** The words of a cell with their counts, the worst first. */
export function wordsOf(counts: Readonly<Record<string, number>>): ReadonlyArray<readonly [string, number]> {
  const known = Object.entries(counts)
  return known.length < 2 ? known : known.toSorted((a, b) => rank(a[0]) - rank(b[0]))
}

export interface CellState {
  readonly state: string
  readonly counts: Readonly<Record<string, number>>
  readonly total: number
  readonly attempts: number
  /** In all; null where it is not known. */
  readonly seconds: number | null
}

export interface CellSum extends CellState {
  readonly seconds: number
}

/** Sums that were made before: the same cells are drawn in every frame. */
const made = new WeakMap<Run, WeakMap<readonly string[], CellSum | null>>()

/** The cell of several steps in a run as one; null where none of them has begun. */
export function cellOf(run: Run, tasks: readonly string[]): CellSum | null {
  let ofRun = made.get(run)
  if (ofRun === undefined) {
    ofRun = new WeakMap()
    made.set(run, ofRun)
  }
  let found = ofRun.get(tasks)
  if (found === undefined) {
    found = sum(tasks.map((task) => run.cells[task]))
    ofRun.set(tasks, found)
  }
  return found
}

/** Of one item there is nothing more to say than its word. */
const ofWord = new Map<string, CellState>()

/** The cell of a row in a run: null where nothing of it has begun, undefined where that was not read yet. */
export function cellAt(run: Run, row: GridRow): CellState | null | undefined {
  if (row.item === null) return cellOf(run, row.tasks)
  if (run.cells[row.item.task] === undefined) return null
  const word = row.item.of?.wordOf(run.run.id, row.item.place)
  if (word === null || word === undefined) return word
  let found = ofWord.get(word)
  if (found === undefined) {
    found = { state: word, counts: { [word]: 1 }, total: 1, attempts: 0, seconds: null }
    ofWord.set(word, found)
  }
  return found
}

function sum(cells: ReadonlyArray<Cell | undefined>): CellSum | null {
  let state: string | null = null
  let total = 0
  let attempts = 0
  let seconds = 0
  const counts: Record<string, number> = {}
  for (const cell of cells) {
    if (cell === undefined) continue
    attempts = Math.max(attempts, cell.attempts)
    seconds += cell.seconds
    for (const word in cell.counts) {
      const count = cell.counts[word] ?? 0
      counts[word] = (counts[word] ?? 0) + count
      total += count
      if (state === null || rank(word) < rank(state)) state = word
    }
  }
  return state === null ? null : { state, counts, total, attempts, seconds }
}
