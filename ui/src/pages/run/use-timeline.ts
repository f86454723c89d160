import { useQueries } from "@tanstack/react-query"
import { useMemo } from "react"
import { api } from "@/api/client"
import { useNow } from "@/parts/clock"
import { type Axis, axisOf, type Stretch } from "@/parts/gantt/axis"
import { criticalPath } from "@/parts/gantt/critical"
import { type Line, linesOf, type Timeline } from "@/parts/gantt/model"
import { isLive, type Run } from "./state"

interface Shown {
  readonly lines: readonly Line[]
  readonly critical: ReadonlySet<string>
  readonly axis: Axis
  readonly origin: number
  readonly now: number
}

/** The steps above each step of the run's pipeline, as it is declared now; nothing for flows and assets. */
export function useAbove(run: Run): ReadonlyMap<string, readonly string[]> {
  const graph = api.useQuery(
    "get",
    "/api/v1/pipelines/{name}/graph",
    { params: { path: { name: run.pipeline ?? "" } } },
    { enabled: run.pipeline !== null, retry: false },
  )
  return useMemo(() => {
    const found = new Map<string, string[]>()
    if (run.pipeline === null) return found
    const full = (task: string) => (task.includes(":") ? task : `${run.pipeline}:${task}`)
    for (const node of graph.data?.nodes ?? []) found.set(full(node.task), [])
    for (const edge of graph.data?.edges ?? []) found.get(full(edge.to))?.push(full(edge.from))
    return found
  }, [graph.data, run.pipeline])
}

/** What the timeline of a run shows, with what is opened in it. */
export function useTimeline(run: Run, open: readonly string[], gaps: boolean) {
  const above = useAbove(run)
  const query = api.useQuery("get", "/api/v1/runs/{id}/timeline", { params: { path: { id: run.id } } })
  const runs = open.flatMap((id) => /run:([^/]+)$/.exec(id)?.[1] ?? [])
  const children = useQueries({
    queries: runs.map((id) => ({
      ...api.queryOptions("get", "/api/v1/runs/{id}/timeline", { params: { path: { id } } }),
      placeholderData: undefined,
    })),
    combine: (results) =>
      new Map(
        results.flatMap(({ data }, at) => (data ? [[runs[at] as string, data as Timeline] as const] : [])),
      ),
  })
  const steps = open.filter((id) => !/run:[^/]+$/.test(id))
  const folded = steps.flatMap((id) => {
    const [below, step] =
      id.includes("/") && children.has(id.split("/").at(-2) ?? "") ? splitAt(id) : [run.id, id]
    const view = below === run.id ? query.data : children.get(below)
    return view?.steps.some((each) => each.step === step && each.rows === null)
      ? [{ id, run: below, step }]
      : []
  })
  const rows = useQueries({
    queries: folded.map((each) => ({
      ...api.queryOptions("get", "/api/v1/runs/{id}/timeline", {
        params: { path: { id: each.run }, query: { step: each.step } },
      }),
      placeholderData: undefined,
    })),
    combine: (results) =>
      new Map(
        results.flatMap(({ data }, at) => {
          const found = (data as Timeline | undefined)?.steps[0]?.rows
          return found ? [[folded[at]?.id as string, found] as const] : []
        }),
      ),
  })
  const live = isLive(run)
  const ticking = useNow()
  const timeline = query.data
  const opened = useMemo(() => new Set(open), [open])
  const lines = useMemo(
    () => (timeline ? linesOf({ timeline, opened, rows, children, above }) : []),
    [timeline, opened, rows, children, above],
  )
  const now = timeline ? (live ? Math.max(timeline.now, ticking) : (timeline.ended ?? timeline.now)) : 0
  const shown = useMemo((): Shown | null => {
    if (timeline === undefined) return null
    const origin = timeline.started ?? timeline.created
    // each second while it runs, the axis grows; its shape is that of what is busy
    const end = live
      ? now
      : Math.max(timeline.ended ?? 0, ...lines.slice(0, 1000).map((each) => each.ended ?? 0))
    return {
      lines,
      critical: criticalOf(timeline, lines, above),
      origin,
      now,
      axis: axisOf(origin, end, busyOf(lines, now), !gaps),
    }
  }, [timeline, lines, above, now, live, gaps])
  return { query, shown, live }
}

function splitAt(id: string): [string, string] {
  const parts = id.split("/")
  return [parts.at(-2) ?? "", parts.at(-1) ?? ""]
}

/** When anything ran: bodies, and what was handed out to them. */
function busyOf(lines: readonly Line[], now: number): Stretch[] {
  return lines.flatMap((line) =>
    line.opened
      ? []
      : line.parts
          .filter((each) => each.kind !== "rest" && each.kind !== "ready")
          .map((each) => ({ from: each.from, to: each.to ?? now })),
  )
}

/** The lines on the critical path: of a folded step the line of the step itself, and of an opened one that of its item. */
function criticalOf(
  timeline: Timeline,
  lines: readonly Line[],
  above: ReadonlyMap<string, readonly string[]>,
): Set<string> {
  const shown = new Set(lines.map((each) => each.id))
  const called = new Map(timeline.children.map((each) => [`${each.step} ${each.item}`, `run:${each.run}`]))
  const idOf = (step: string, item: string) => {
    const run = called.get(`${step} ${item}`)
    if (run !== undefined && shown.has(run)) return run
    return shown.has(`${step}[${item}]`) ? `${step}[${item}]` : step
  }
  const pieces = timeline.steps.flatMap((step) =>
    (step.rows ?? (step.last ? [step.last] : [])).map((row) => ({
      id: idOf(step.step, row.item),
      step: step.step,
      begun: row.tries[0]?.given ?? null,
      ended: row.tries.at(-1)?.ended ?? null,
    })),
  )
  return new Set(criticalPath(pieces, above))
}
