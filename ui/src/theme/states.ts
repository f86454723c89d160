/** What a state word of the API means on the screen: its colour family, its shape, and how it is called. */

export type Family = "fresh" | "stale" | "failed" | "running" | "late" | "blocked" | "missing" | "waiting"

/** Shapes tell the states apart where colours do not. */
export type Shape =
  | "disc"
  | "triangle"
  | "square"
  | "ring"
  | "half"
  | "diamond"
  | "dashed"
  | "arc"
  | "dash"
  | "cross"
  | "double"
  | "bars"

export interface State {
  readonly word: string
  readonly label: string
  readonly family: Family
  readonly shape: Shape
}

const table: ReadonlyArray<readonly [word: string, family: Family, shape: Shape, label?: string]> = [
  ["fresh", "fresh", "disc"],
  ["succeeded", "fresh", "disc"],
  ["passed", "fresh", "disc"],
  ["ok", "fresh", "disc"],
  ["reused", "fresh", "double"],
  ["accepted", "fresh", "double"],
  ["external", "fresh", "double"],
  ["failed", "failed", "triangle"],
  ["lost", "failed", "triangle"],
  ["timed_out", "failed", "triangle", "timed out"],
  ["crashed", "failed", "triangle"],
  ["rejected", "failed", "cross"],
  ["expired", "failed", "cross"],
  ["stale", "stale", "square"],
  ["undecided", "stale", "square"],
  ["warned", "stale", "square"],
  ["code_changed", "stale", "square", "code changed"],
  ["overdue", "late", "half"],
  ["late", "late", "half"],
  ["due_soon", "late", "half", "due soon"],
  ["blocked", "blocked", "diamond"],
  ["held", "blocked", "diamond"],
  ["upstream_failed", "blocked", "diamond", "upstream failed"],
  ["missing", "missing", "dashed"],
  ["never", "missing", "dashed", "never made"],
  ["orphaned", "missing", "dashed"],
  ["running", "running", "arc"],
  ["started", "running", "arc"],
  ["starting", "running", "arc"],
  ["cancelling", "running", "arc"],
  ["waiting", "waiting", "ring"],
  ["queued", "waiting", "ring"],
  ["created", "waiting", "ring"],
  ["scheduled", "waiting", "ring"],
  ["ready", "waiting", "ring"],
  ["requested", "waiting", "ring"],
  ["retrying", "stale", "ring"],
  ["deferred", "waiting", "ring"],
  ["suspended", "late", "bars"],
  ["paused", "waiting", "bars"],
  ["skipped", "missing", "dash"],
  ["removed", "missing", "dash"],
  ["cancelled", "missing", "cross"],
  ["rolled_back", "missing", "cross", "rolled back"],
  ["unknown", "missing", "dashed"],
]

const states = new Map(
  table.map(([word, family, shape, label]) => [word, { word, family, shape, label: label ?? word }]),
)

/** The state of a word; one that is not known is shown as it is, as something that waits. */
export function stateOf(word: string): State {
  return states.get(word) ?? { word, label: word.replaceAll("_", " "), family: "waiting", shape: "ring" }
}

/** From the worst to the best: in a bucket with several states the first one is shown. */
export const WORST_FIRST = [
  "failed",
  "rejected",
  "blocked",
  "late",
  "overdue",
  "stale",
  "undecided",
  "running",
  "waiting",
  "missing",
  "cancelled",
  "skipped",
  "reused",
  "fresh",
  "succeeded",
] as const

/** The one word for a run: its outcome, or its phase while it has none. */
export function runState(run: { phase: string; outcome?: string | null }): string {
  return run.outcome ?? run.phase
}

/** How a state is coloured in CSS: its colour, its pale fill, and for words. */
export function colours(family: Family): { color: string; soft: string; ink: string } {
  return { color: `var(--${family})`, soft: `var(--${family}-soft)`, ink: `var(--${family}-ink)` }
}
