import { Button, Tooltip } from "@mantine/core"
import { Link, useRouter } from "@tanstack/react-router"
import { lazy, Suspense } from "react"
import { api, type Schema } from "@/api/client"
import { useMay } from "@/shell/door"
import { assetPath, executionPath, pipelinePath, runPath } from "@/shell/links"
import { duration } from "./clock"
import { Skeleton } from "./empty"
import { unmade } from "./execution-heat-model"
import { Loaded } from "./loaded"
import { Panel, Section } from "./panel"
import { type Counts, inWords, PlanBar } from "./plan-bar"
import classes from "./plan-execution.module.css"
import { about } from "./plan-words"
import { StateMark } from "./state-mark"
import { Time } from "./time"

const ExecutionGraph = lazy(() =>
  import("./plan-graph").then((module) => ({ default: module.ExecutionGraph })),
)

export type Execution = Schema["ExecutionView"]
type ProgressRow = Schema["ProgressRow"]

export function useExecution(id: string) {
  return api.useQuery("get", "/api/v1/executions/{id}", { params: { path: { id } } })
}

/** The one word for an execution. */
export function executionState(execution: Pick<Execution, "phase" | "outcome">): string {
  return execution.outcome ?? execution.phase
}

const done = (of: Execution) => of.succeeded + of.passed + of.failed + of.left_out + of.cancelled

/** How an execution stands, in a few words: `44 of 335 done`. */
export function executionSays(execution: Execution): string {
  const of = execution.total.toLocaleString("en-GB")
  const made = (execution.succeeded + execution.passed).toLocaleString("en-GB")
  switch (executionState(execution)) {
    case "succeeded":
      return execution.total === 0 ? "Nothing to do" : `All ${of} done`
    case "failed":
      return execution.failed
        ? `${execution.failed.toLocaleString("en-GB")} failed, ${made} of ${of} done`
        : `${made} of ${of} done`
    case "cancelled":
      return `Cancelled after ${made} of ${of}`
    case "suspended":
      return `Paused after ${made} of ${of}`
    default:
      return `${done(execution).toLocaleString("en-GB")} of ${of} done`
  }
}

/** An execution's counts as the bar wants them. */
export function countsOf(execution: Execution) {
  return { ...execution, unchanged: execution.passed }
}

interface ExecutionActionsProps {
  readonly execution: Execution
  /** In a row of a list. */
  readonly compact?: boolean
}

/** Pause, resume, cancel, and once more what failed: those that make sense now. */
export function ExecutionActions({ execution, compact = false }: ExecutionActionsProps) {
  const router = useRouter()
  const may = useMay("operator")
  const again = api.useMutation("post", "/api/v1/executions/{id}/rerun", {
    onSuccess: (made) => void router.navigate({ to: executionPath(made.id) }),
  })
  const pause = api.useMutation("post", "/api/v1/executions/{id}/pause")
  const resume = api.useMutation("post", "/api/v1/executions/{id}/resume")
  const cancel = api.useMutation("post", "/api/v1/executions/{id}/cancel")
  const params = { path: { id: execution.id } }
  const left = unmade(execution)
  if (execution.phase === "finished" && left === 0) return null
  const shared = { disabled: !may, variant: "default", ...(compact ? { size: "compact-xs" } : {}) } as const
  const buttons =
    execution.phase === "finished" ? (
      <Button
        {...shared}
        title="As a new execution: what failed in this one, was left out or cancelled."
        loading={again.isPending}
        onClick={() => again.mutate({ params })}
      >
        Re-run {left.toLocaleString("en-GB")}
      </Button>
    ) : (
      <>
        {execution.phase === "suspended" ? (
          <Button
            {...shared}
            loading={resume.isPending}
            onClick={() => resume.mutate({ params, body: { retry_failed: false } })}
          >
            Resume
          </Button>
        ) : (
          <Button
            {...shared}
            loading={pause.isPending}
            disabled={!may || execution.phase === "cancelling"}
            onClick={() => pause.mutate({ params })}
          >
            Pause
          </Button>
        )}
        {execution.failed > 0 && (
          <Button
            {...shared}
            loading={resume.isPending}
            onClick={() => resume.mutate({ params, body: { retry_failed: true } })}
          >
            Retry {execution.failed.toLocaleString("en-GB")}
            {compact ? "" : " failed"}
          </Button>
        )}
        <Button
          {...shared}
          color="red"
          loading={cancel.isPending || execution.phase === "cancelling"}
          onClick={() => cancel.mutate({ params, body: { reason: "" } })}
        >
          Cancel
        </Button>
      </>
    )
  return may ? (
    buttons
  ) : (
    <Tooltip label="Only operators may change executions.">
      <span>{buttons}</span>
    </Tooltip>
  )
}

/** How far an execution is, line by line as its plan said, and what failed. */
export function ExecutionBody({ id, graph = false }: { id: string; graph?: boolean }) {
  const execution = useExecution(id)
  const progress = api.useQuery("get", "/api/v1/executions/{id}/progress", { params: { path: { id } } })
  return (
    <>
      <Panel>
        {execution.data && <Summary execution={execution.data} rows={progress.data?.rows} />}
        <Loaded query={progress} skeleton={<Skeleton rows={4} />}>
          {(found) =>
            graph ? (
              <Suspense fallback={<Skeleton rows={8} />}>
                <ExecutionGraph rows={found.rows} live={execution.data?.phase !== "finished"} />
              </Suspense>
            ) : (
              <div role="list" aria-label="Lines of the plan">
                {found.rows.map((row) => (
                  <Line key={row.name} row={row} live={execution.data?.phase !== "finished"} />
                ))}
              </div>
            )
          }
        </Loaded>
      </Panel>
      {progress.data && progress.data.failures.length > 0 && (
        <Failures failures={progress.data.failures} total={execution.data?.failed ?? 0} />
      )}
    </>
  )
}

/** All lines together. */
function summed(rows: readonly ProgressRow[]): Counts {
  const sum = (name: keyof Counts) => rows.reduce((found, row) => found + row[name], 0)
  return {
    total: sum("total"),
    succeeded: sum("succeeded"),
    unchanged: sum("unchanged"),
    failed: sum("failed"),
    left_out: sum("left_out"),
    cancelled: sum("cancelled"),
    running: sum("running"),
  }
}

interface SummaryProps {
  readonly execution: Execution
  readonly rows: readonly ProgressRow[] | undefined
}

function Summary({ execution, rows }: SummaryProps) {
  const counts = rows ? summed(rows) : countsOf(execution)
  const left = rows ? rows.reduce((found, row) => found + row.left, 0) : execution.left + execution.waiting
  return (
    <div className={classes.summary}>
      <PlanBar counts={counts} label="How far it is" tall />
      <span>{inWords(counts) || "Nothing has begun yet"}</span>
      <span className={classes.dim}>
        {left > 0 && execution.phase !== "finished" && `${left.toLocaleString("en-GB")} left`}
        {execution.seconds_left !== null &&
          about(execution.seconds_left) &&
          ` · ${about(execution.seconds_left)}`}
      </span>
      {execution.waits_for.length > 0 && execution.phase !== "suspended" && (
        <p className={classes.waits}>Waits: {execution.waits_for.join("; ")}.</p>
      )}
      {execution.reason && execution.outcome !== "succeeded" && (
        <p className={classes.waits}>{execution.reason}</p>
      )}
    </div>
  )
}

/** The one state of a line: what is worst of it, or what it does now. */
export function lineState(row: ProgressRow, live: boolean): string {
  if (row.failed) return "failed"
  if (row.running) return "running"
  if (row.left_out) return "upstream_failed"
  if (row.left && live) return row.succeeded ? "running" : "waiting"
  if (row.cancelled) return "cancelled"
  if (row.left) return "waiting"
  return row.succeeded ? "succeeded" : "reused"
}

function Line({ row, live }: { row: ProgressRow; live: boolean }) {
  const good = row.succeeded + row.unchanged
  const path =
    row.kind === "pipeline" ? pipelinePath(row.name) : row.kind === "asset" ? assetPath(row.name) : null
  return (
    <div
      className={classes.row}
      role="listitem"
      data-done={good === row.total ? "good" : undefined}
      title={inWords(row)}
    >
      <StateMark state={lineState(row, live)} />
      <span className={classes.name}>{path ? <Link to={path}>{row.name}</Link> : row.name}</span>
      <span className={classes.dim} title={row.partitions}>
        {row.partitions}
      </span>
      <PlanBar counts={row} label={`How far ${row.name} is`} />
      <span className={classes.count}>
        {good.toLocaleString("en-GB")} of {row.total.toLocaleString("en-GB")}
      </span>
      <span className={classes.time} title="All its attempts together">
        {row.seconds > 0 ? duration(row.seconds) : ""}
      </span>
      {row.why_not && <p className={classes.why}>{row.why_not}</p>}
    </div>
  )
}

function Failures({ failures, total }: { failures: readonly Schema["FailedRow"][]; total: number }) {
  const more = total - failures.length
  return (
    <Section title="What failed" note={more > 0 ? `the first ${failures.length} of ${total}` : undefined}>
      <Panel>
        {failures.map((each) => (
          <div key={each.name + each.partition + each.run} className={classes.failure}>
            <StateMark state={each.outcome} />
            <span>
              {each.name} {each.partition}
            </span>
            <code title={each.error}>{lastLine(each.error)}</code>
            <span className={classes.dim}>
              <Link
                to={runPath(each.run, {
                  step: each.name,
                  ...(each.partition ? { partition: each.partition } : {}),
                  ...(each.log ? { tab: "logs", log: each.log } : {}),
                })}
              >
                {each.log ? "log" : "run"}
              </Link>
              {each.attempt > 1 && ` · ${each.attempt} attempts`} · <Time at={each.at} />
            </span>
          </div>
        ))}
      </Panel>
    </Section>
  )
}

/** Of an error that may have a traceback the line that says what it is. */
function lastLine(error: string): string {
  const lines = error.trim().split("\n")
  return lines.at(-1)?.trim() || error
}
