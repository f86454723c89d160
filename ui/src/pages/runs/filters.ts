/** The filters of the runs page: how they stand in the URL, and what they are to the API. */
import type { paths } from "@/api/schema"
import { list, oneOf, text } from "@/shell/url-state"

/** Ranges that end now: `7d` goes on with the clock, until it is frozen into `since` and `until`. */
export const RANGES = {
  "": { label: "Any time", seconds: null },
  "1h": { label: "Last hour", seconds: 3600 },
  "6h": { label: "Last 6 hours", seconds: 6 * 3600 },
  "24h": { label: "Last 24 hours", seconds: 86_400 },
  "7d": { label: "Last 7 days", seconds: 7 * 86_400 },
  "30d": { label: "Last 30 days", seconds: 30 * 86_400 },
} as const

export type Range = keyof typeof RANGES

export const FIELDS = {
  q: text(),
  pipeline: text(),
  /** A phase, an outcome, or `live`. */
  state: text(),
  partition: text(),
  trigger: text(),
  location: text(),
  automation: text(),
  execution: text(),
  parent: text(),
  range: oneOf(Object.keys(RANGES) as Range[], ""),
  since: text(),
  until: text(),
  /** Runs that are marked, to be compared. */
  marked: list(),
}

export interface RunsState {
  readonly q: string
  readonly pipeline: string
  readonly state: string
  readonly partition: string
  readonly trigger: string
  readonly location: string
  readonly automation: string
  readonly execution: string
  readonly parent: string
  readonly range: Range
  readonly since: string
  readonly until: string
}

/** The phases that a run can be in; one that is created waits in the queue. */
const PHASES = ["created", "running", "suspended", "cancelling", "finished"] as const
const OUTCOMES = [
  "succeeded",
  "failed",
  "timed_out",
  "crashed",
  "upstream_failed",
  "cancelled",
  "skipped",
  "rolled_back",
] as const

export const STATES = [
  { value: "", label: "Any state" },
  { value: "live", label: "Not finished" },
  ...["failed", "succeeded", "running", "queued", "suspended", "cancelled", "timed_out", "crashed"].map(
    (value) => ({ value, label: value.replace("_", " ").replace(/^./, (first) => first.toUpperCase()) }),
  ),
]

export const TRIGGERS = [
  "manual",
  "schedule",
  "backfill",
  "asset",
  "rerun",
  "subflow",
  "sensor",
  "webhook",
  "condition",
  "freshness",
] as const

/** The filters of `GET /runs`, which bulk actions take as well. */
export type Filters = Omit<
  NonNullable<paths["/api/v1/runs"]["get"]["parameters"]["query"]>,
  "limit" | "cursor"
>

/** The filters for the API; times to the whole minute, so that a range that ends now is asked for once a minute. */
export function filtersOf(state: RunsState, now: number): Filters {
  const found: Filters = {}
  for (const name of [
    "pipeline",
    "partition",
    "trigger",
    "location",
    "automation",
    "execution",
    "parent",
  ] as const)
    if (state[name] !== "") found[name] = state[name]
  if (state.q !== "") found.q = state.q
  if (state.state === "live") found.live = true
  const phase = PHASES.find((each) => each === (state.state === "queued" ? "created" : state.state))
  const outcome = OUTCOMES.find((each) => each === state.state)
  if (phase) found.phase = phase
  if (outcome) found.outcome = outcome
  const { since, until } = timesOf(state, now)
  if (since) found.since = since
  if (until) found.until = until
  return found
}

/** From when to when, as ISO times; what is not bounded is left out. */
export function timesOf(
  state: Pick<RunsState, "range" | "since" | "until">,
  now: number,
): { since?: string; until?: string } {
  if (state.since !== "" || state.until !== "")
    return { ...(state.since && { since: state.since }), ...(state.until && { until: state.until }) }
  const seconds = RANGES[state.range].seconds
  if (seconds === null) return {}
  const minute = Math.floor(now / 60_000) * 60_000
  return { since: new Date(minute - seconds * 1000).toISOString() }
}

/** A range that ends now as the times that it is at present, which don't move any more. */
export function frozen(
  state: Pick<RunsState, "range">,
  now: number,
): { range: Range; since: string; until: string } {
  const { since = "" } = timesOf({ ...state, since: "", until: "" }, now)
  return { range: "", since, until: new Date(Math.ceil(now / 60_000) * 60_000).toISOString() }
}

/** How many filters are set. */
export function countOf(state: RunsState): number {
  return Object.entries(state).filter(([name, value]) => name in FIELDS && name !== "marked" && value !== "")
    .length
}

export const NO_FILTERS: RunsState = {
  q: "",
  pipeline: "",
  state: "",
  partition: "",
  trigger: "",
  location: "",
  automation: "",
  execution: "",
  parent: "",
  range: "",
  since: "",
  until: "",
}
