/** The items of a mapped step in several runs, each run's told in stretches of items that stand alike. */
import type { Schema } from "@/api/client"
import { rank } from "./cells"

type Answered = Schema["GridItems"]
type Stretch = readonly [first: number, end: number, word: string]

export interface ItemsOfRun {
  /** What the cell of the step was when they were read: they hold as long as it is that. */
  readonly key: string
  /** null: the numbers from 0 on, so many. */
  readonly names: readonly string[] | null
  readonly count: number
  readonly stretches: readonly Stretch[]
}

/** From this word on nothing is wrong with an item. */
const FINE = rank("skipped")

/** The items of one step, in the order of their rows, over all runs in which they were read. */
export class StepItems {
  readonly count: number
  /** Of each row its name; null where that is its number. */
  private readonly names: readonly string[] | null
  /** Where the row of an item is in the stretches of an answer with names of its own. */
  private readonly places = new Map<readonly string[] | null, Int32Array>()
  private faulty: readonly number[] | null = null

  constructor(readonly runs: ReadonlyMap<string, ItemsOfRun>) {
    const given = [...runs.values()]
    const most = given.reduce((max, each) => (each.names === null ? Math.max(max, each.count) : max), 0)
    const named = new Set(given.flatMap((each) => each.names ?? []))
    if (named.size === 0) {
      this.names = null
      this.count = most
      return
    }
    for (let number = 0; number < most; number += 1) named.add(String(number))
    const names = [...named].toSorted((a, b) => a.localeCompare(b, "en", { numeric: true }))
    this.names = names
    this.count = names.length
    const rows = new Map(names.map((name, row) => [name, row]))
    for (const each of given) {
      if (this.places.has(each.names)) continue
      const places = new Int32Array(names.length).fill(-1)
      if (each.names === null)
        for (let number = 0; number < most; number += 1) places[rows.get(String(number)) ?? -1] = number
      else for (const [place, name] of each.names.entries()) places[rows.get(name) ?? -1] = place
      this.places.set(each.names, places)
    }
  }

  nameOf(row: number): string {
    return this.names === null ? String(row) : (this.names[row] ?? "")
  }

  rowOf(name: string): number {
    if (this.names !== null) return this.names.indexOf(name)
    return /^\d{1,9}$/.test(name) && Number(name) < this.count ? Number(name) : -1
  }

  /** How an item stands in a run: null where it has not begun, undefined where that was not read yet. */
  wordOf(run: string, row: number): string | null | undefined {
    const found = this.runs.get(run)
    if (found === undefined) return undefined
    const place = this.names === null ? row : (this.places.get(found.names)?.[row] ?? -1)
    let [low, high] = [0, found.stretches.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if ((found.stretches[middle]?.[1] ?? 0) <= place) low = middle + 1
      else high = middle
    }
    const stretch = found.stretches[low]
    return stretch !== undefined && stretch[0] <= place ? stretch[2] : null
  }

  /** The rows of items with which something is or goes on in one of the runs: what did not simply succeed. */
  get notFine(): readonly number[] {
    if (this.faulty !== null) return this.faulty
    const rows = new Set<number>()
    for (const { names, stretches } of this.runs.values()) {
      const inverse = this.names === null ? null : inverted(this.places.get(names))
      for (const [first, end, word] of stretches)
        if (rank(word) < FINE)
          for (let place = first; place < end; place += 1)
            rows.add(inverse === null ? place : (inverse.get(place) ?? -1))
    }
    rows.delete(-1)
    this.faulty = [...rows].toSorted((a, b) => a - b)
    return this.faulty
  }
}

function inverted(places: Int32Array | undefined): ReadonlyMap<number, number> {
  return new Map(Array.from(places ?? [], (place, row) => [place, row]))
}

/** An answer of the server, run by run; `keys` has what the cells were when it was asked. */
export function answered(
  { names, count, runs }: Answered,
  keys: ReadonlyMap<string, string>,
): ReadonlyArray<readonly [string, ItemsOfRun]> {
  return runs.map(({ run, stretches }) => [
    run,
    { key: keys.get(run) ?? "", names, count, stretches: stretches as unknown as readonly Stretch[] },
  ])
}
