/** The cloth as the API gives it: threads down, equal spans of time across. */

/** From the first to the last column, a state, and how many partitions or runs are in it. */
export type Cell = readonly [first: number, last: number, state: string, count: number]
/** A partition longer than a column, with its own start and end in milliseconds. */
export type Stitch = readonly [start: number, end: number, state: string, count: number]

export interface Thread {
  readonly key: string
  readonly kind: string
  readonly group: string
  readonly system: string | null
  readonly status: string
  readonly owners: readonly string[]
  readonly cells: readonly Cell[]
  readonly stitches: readonly Stitch[] | null
}

export interface Cloth {
  /** Milliseconds. */
  readonly since: number
  readonly until: number
  readonly columns: number
  readonly threads: readonly Thread[]
}

/** A line of the picture: a thread, or the title of a group (folded, it shows the worst of its threads). */
export type Line =
  | { readonly type: "thread"; readonly thread: Thread }
  | {
      readonly type: "group"
      readonly group: string
      readonly folded: boolean
      readonly threads: readonly Thread[]
    }

/** A rectangle of lines and columns, both ends within. */
export interface Patch {
  readonly lines: readonly [from: number, to: number]
  readonly columns: readonly [from: number, to: number]
}
