/** What a Gantt chart shows of a run: lines of steps, their step runs and attempts, and runs that were called. */
import type { Schema } from "@/api/client"

export type Timeline = Schema["TimelineView"]
type Row = Schema["TimelineRow"]

/** What a part of a bar stands for. `ready`: could begin but waits for a place; `rest`: waits for the next attempt. */
export type PartKind = "ready" | "starting" | "run" | "rest" | "span"

export interface Part {
  readonly kind: PartKind
  /** Milliseconds since 1970; `to` is null for what goes on. */
  readonly from: number
  readonly to: number | null
  readonly attempt: number
  readonly outcome: string
  readonly log: string | null
}

export interface Line {
  /** `step`, `step[item]`, `run:id`, below an opened run `id/step…`. */
  readonly id: string
  readonly kind: "step" | "item" | "run"
  readonly depth: number
  readonly label: string
  /** Said beside the label: `12 of 10,000`, `3 attempts`. */
  readonly note: string
  readonly state: string
  readonly parts: readonly Part[]
  readonly begun: number | null
  /** Null while it goes on. */
  readonly ended: number | null
  readonly run: string
  readonly step: string
  readonly item: string
  /** How many step runs it stands for. */
  readonly count: number
  readonly states: Readonly<Record<string, number>>
  readonly opens: boolean
  readonly opened: boolean
}

export interface Given {
  readonly timeline: Timeline
  /** The lines that are opened, by their ids. */
  readonly opened: ReadonlySet<string>
  /** The step runs of folded steps that were asked for, by the id of their line. */
  readonly rows: ReadonlyMap<string, readonly Row[]>
  /** Runs that were called and are opened, by their id. */
  readonly children: ReadonlyMap<string, Timeline>
  /** The steps above each step, where that is known. */
  readonly above: ReadonlyMap<string, readonly string[]>
}

const WORST = [
  "failed",
  "timed_out",
  "crashed",
  "lost",
  "running",
  "retrying",
  "waiting",
  "rolled_back",
  "upstream_failed",
  "cancelled",
  "succeeded",
  "reused",
  "skipped",
]

/** The worst of some states; of what runs it is that it runs. */
export function worstOf(states: Readonly<Record<string, number>>): string {
  return WORST.find((each) => states[each]) ?? Object.keys(states)[0] ?? "waiting"
}

/** A step's name without its pipeline. */
export function shortName(step: string): string {
  return step.includes(":") ? step.slice(step.indexOf(":") + 1) : step
}

/** All lines in the order in which they began. */
export function linesOf(given: Given): Line[] {
  return linesOfRun(given, given.timeline, 0, "")
}

function linesOfRun(given: Given, timeline: Timeline, depth: number, prefix: string): Line[] {
  const ends = new Map(timeline.steps.map((each) => [each.step, each.ended]))
  const found: Array<{ begun: number; lines: Line[] }> = []
  const calls = new Set<string>()
  const called = new Map(timeline.children.map((each) => [`${each.step} ${each.item}`, each]))
  for (const step of timeline.steps) {
    // a call of a flow is a step and a run: it is shown once, as the run that opens in its place
    const own = step.rows?.map((row) => [row, called.get(`${step.step} ${row.item}`)] as const)
    if (own?.length && own.every(([, child]) => child !== undefined)) {
      for (const [row, child] of own) {
        if (child === undefined) continue
        calls.add(child.run)
        found.push({
          begun: row.tries[0]?.given ?? child.begun ?? Number.POSITIVE_INFINITY,
          lines: linesOfCall(
            given,
            child,
            depth,
            prefix,
            partsOf(row, null, timeline.ended).filter((each) => each.kind === "ready"),
          ),
        })
      }
      continue
    }
    const above = given.above.get(step.step)
    const readyAt = above?.every((each) => ends.get(each) != null)
      ? Math.max(timeline.started ?? timeline.created, ...above.map((each) => ends.get(each) as number))
      : null
    found.push({
      begun: step.begun ?? Number.POSITIVE_INFINITY,
      lines: linesOfStep(given, timeline, step, depth, prefix, readyAt),
    })
  }
  for (const child of timeline.children)
    if (!calls.has(child.run))
      found.push({
        begun: child.begun ?? Number.POSITIVE_INFINITY,
        lines: linesOfCall(given, child, depth, prefix, []),
      })
  return found.sort((a, b) => a.begun - b.begun).flatMap((each) => each.lines)
}

function linesOfCall(
  given: Given,
  child: Timeline["children"][number],
  depth: number,
  prefix: string,
  before: readonly Part[],
): Line[] {
  const id = `${prefix}run:${child.run}`
  const view = given.children.get(child.run)
  const opened = given.opened.has(id)
  const head: Line = {
    id,
    kind: "run",
    depth,
    label: child.pipeline ?? child.run,
    note: `run ${child.run.slice(0, 8)}`,
    state: child.state,
    parts: [...before, ...spanOf(child.begun, child.ended, child.state)],
    begun: child.begun,
    ended: child.ended,
    run: child.run,
    step: child.step,
    item: child.item,
    count: 1,
    states: {},
    opens: true,
    opened,
  }
  return opened && view ? [head, ...linesOfRun(given, view, depth + 1, `${prefix}${child.run}/`)] : [head]
}

function linesOfStep(
  given: Given,
  timeline: Timeline,
  step: Timeline["steps"][number],
  depth: number,
  prefix: string,
  readyAt: number | null,
): Line[] {
  const id = `${prefix}${step.step}`
  const only = step.rows?.length === 1 && step.count === 1 ? step.rows[0] : undefined
  const common = { run: timeline.run, step: step.step, depth, label: shortName(step.step) }
  if (only)
    return [
      {
        ...common,
        id,
        kind: "step",
        note: attemptsOf(only),
        state: only.state,
        parts: partsOf(only, readyAt, timeline.ended),
        begun: step.begun,
        ended: step.ended,
        item: only.item,
        count: 1,
        states: step.states,
        opens: false,
        opened: false,
      },
    ]
  const opened = given.opened.has(id)
  const rows = step.rows ?? given.rows.get(id) ?? []
  const head: Line = {
    ...common,
    id,
    kind: "step",
    note: `× ${step.count.toLocaleString("en")}`,
    state: worstOf(step.states),
    parts: spanOf(step.begun, step.ended, worstOf(step.states)),
    begun: step.begun,
    ended: step.ended,
    item: "",
    count: step.count,
    states: step.states,
    opens: true,
    opened,
  }
  if (!opened) return [head]
  return [
    head,
    ...rows.map(
      (row): Line => ({
        run: timeline.run,
        step: step.step,
        depth: depth + 1,
        id: `${id}[${row.item}]`,
        kind: "item",
        label: row.item === "" ? shortName(step.step) : row.item,
        note: attemptsOf(row),
        state: row.state,
        parts: partsOf(row, null, timeline.ended),
        begun: row.tries[0]?.given ?? null,
        ended: endOf(row),
        item: row.item,
        count: 1,
        states: {},
        opens: false,
        opened: false,
      }),
    ),
  ]
}

function attemptsOf(row: Row): string {
  return row.tries.length > 1 ? `${row.tries.length} attempts` : ""
}

function endOf(row: Row): number | null {
  return row.tries.at(-1)?.ended ?? null
}

function spanOf(begun: number | null, ended: number | null, state: string): Part[] {
  if (begun === null) return []
  return [{ kind: "span", from: begun, to: ended, attempt: 0, outcome: state, log: null }]
}

/** A step run as parts of a bar, in order and without overlaps. */
export function partsOf(row: Row, readyAt: number | null, runEnded: number | null): Part[] {
  const parts: Part[] = []
  let at = readyAt
  const push = (
    kind: PartKind,
    from: number,
    to: number | null,
    part: Omit<Part, "kind" | "from" | "to">,
  ) => {
    const begin = parts.length ? Math.max(from, parts.at(-1)?.to ?? from) : from
    if (to === null || to > begin) parts.push({ kind, from: begin, to, ...part })
    else if (kind === "run") parts.push({ kind, from: begin, to: begin, ...part })
  }
  for (const { attempt, given, began, ended, outcome, log } of row.tries) {
    const part = { attempt, outcome, log }
    if (at !== null && at < given) push(attempt === 1 ? "ready" : "rest", at, given, part)
    if (began !== null && began > given) push("starting", given, began, part)
    push("run", began ?? given, ended ?? runEnded, part)
    at = ended
  }
  const last = row.tries.at(-1)
  if (
    last &&
    last.ended !== null &&
    row.until != null &&
    runEnded === null &&
    ["retrying", "waiting"].includes(row.state)
  )
    push("rest", last.ended, null, { attempt: last.attempt, outcome: row.state, log: null })
  return parts
}
