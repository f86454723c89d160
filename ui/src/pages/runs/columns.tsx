import { Checkbox } from "@mantine/core"
import { Link } from "@tanstack/react-router"
import type { Schema } from "@/api/client"
import { between, useNow } from "@/parts/clock"
import { selected } from "@/parts/plan-words"
import { StateWord } from "@/parts/state-mark"
import type { Column } from "@/parts/table"
import { Lasted, Time } from "@/parts/time"
import { pipelinePath, runPath, schedulePath } from "@/shell/links"
import { runState, stateOf } from "@/theme/states"
import classes from "./runs.module.css"

export type Run = Schema["RunView"]

interface Marking {
  readonly marked: readonly string[]
  readonly onMark: (id: string, on: boolean) => void
}

/** The columns of a list of runs. `longest` has the longest duration of each pipeline among the rows, in seconds. */
export function columnsOf(longest: ReadonlyMap<string, number>, marking: Marking | null): Column<Run>[] {
  const marks: Column<Run>[] = marking
    ? [
        {
          id: "mark",
          title: "",
          width: "18px",
          cell: (run) => (
            <Checkbox
              size="xs"
              aria-label={`Mark run ${run.id.slice(0, 8)} to compare it`}
              checked={marking.marked.includes(run.id)}
              onChange={(event) => marking.onMark(run.id, event.currentTarget.checked)}
            />
          ),
        },
      ]
    : []
  return [
    ...marks,
    { id: "state", title: "State", width: "112px", cell: (run) => <StateWord state={runState(run)} /> },
    {
      id: "run",
      title: "Run",
      width: "72px",
      cell: (run) => <span className={classes.mono}>{run.id.slice(0, 8)}</span>,
    },
    { id: "what", title: "What", width: "minmax(150px, 3.4fr)", cell: (run) => <What run={run} /> },
    {
      id: "partition",
      title: "Partition",
      width: "minmax(80px, 1fr)",
      cell: (run) => run.partition ?? <span className={classes.faint}>–</span>,
    },
    {
      id: "by",
      title: "Started by",
      width: "minmax(70px, 1fr)",
      wide: true,
      cell: (run) => <By run={run} />,
    },
    {
      id: "started",
      title: "Started",
      width: "92px",
      align: "right",
      cell: (run) => <Time at={run.started_at ?? run.created_at} />,
    },
    {
      id: "lasted",
      title: "Lasted",
      width: "minmax(112px, 0.6fr)",
      cell: (run) => <Duration run={run} longest={longest.get(nameOf(run)) ?? 0} />,
    },
    { id: "steps", title: "Steps", width: "124px", align: "right", cell: (run) => <Steps run={run} /> },
  ]
}

/** What bars of duration are compared by: runs of the same pipeline. */
export function nameOf(run: Run): string {
  return run.pipeline ?? run.selection ?? ""
}

export function longestOf(runs: readonly Run[]): Map<string, number> {
  const found = new Map<string, number>()
  for (const run of runs) {
    const seconds = between(run.started_at, run.finished_at) ?? 0
    const name = nameOf(run)
    if (seconds > (found.get(name) ?? 0)) found.set(name, seconds)
  }
  return found
}

function What({ run }: { run: Run }) {
  const params = Object.entries(run.params ?? {})
  return (
    <span className={classes.what}>
      {run.pipeline ? (
        <Link to={pipelinePath(run.pipeline)} className={classes.name}>
          {run.pipeline}
        </Link>
      ) : (
        <span className={classes.name} title={run.selection ?? undefined}>
          {run.selection ? selected(run.selection) : "assets"}
        </span>
      )}
      {params.length > 0 && (
        <span
          className={classes.faint}
          title={params.map(([name, value]) => `${name} = ${shown(value)}`).join("\n")}
        >
          {params.map(([name, value]) => `${name}=${shown(value)}`).join(" ")}
        </span>
      )}
    </span>
  )
}

function shown(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value)
}

export function By({ run }: { run: Run }) {
  if (run.parent)
    return (
      <Link to={runPath(run.parent)} className={classes.mono} title={`Called by run ${run.parent}`}>
        {run.parent.slice(0, 8)}
      </Link>
    )
  if (run.automation)
    return (
      <Link to={schedulePath(run.automation)} title={run.automation}>
        {run.automation.slice(run.automation.indexOf(":") + 1)}
      </Link>
    )
  const trigger = run.trigger ?? "manual"
  return <span className={classes.dim}>{trigger === "manual" ? run.by : trigger}</span>
}

function Duration({ run, longest }: { run: Run; longest: number }) {
  return (
    <span className={classes.lasted}>
      <span>
        <Lasted from={run.started_at} to={run.finished_at} />
      </span>
      {run.started_at && <Bar run={run} longest={longest} />}
    </span>
  )
}

function Bar({ run, longest }: { run: Run; longest: number }) {
  const now = useNow()
  const seconds = between(run.started_at, run.finished_at, now) ?? 0
  const part = Math.min(1, seconds / Math.max(longest, 0.001))
  return (
    <div className={classes.bar} title="As against the longest of the same pipeline here" aria-hidden="true">
      <div
        style={{
          width: `${Math.max(2, part * 100)}%`,
          background: `var(--${stateOf(runState(run)).family})`,
        }}
      />
    </div>
  )
}

export function Steps({ run }: { run: Run }) {
  const done = run.succeeded + run.reused
  return (
    <>
      {run.failed > 0 && <span className={classes.failed}>{run.failed.toLocaleString("en")} failed · </span>}
      {done.toLocaleString("en")}
      <span className={classes.faint}>/{run.steps.toLocaleString("en")}</span>
    </>
  )
}
