import { Button, SegmentedControl } from "@mantine/core"
import { Link, useParams } from "@tanstack/react-router"
import { useMemo, useState } from "react"
import { api } from "@/api/client"
import { asProblem } from "@/api/problem"
import { Refusal, Skeleton } from "@/parts/empty"
import { ExecutionPartitions } from "@/parts/execution-heat"
import { Panel } from "@/parts/panel"
import {
  type Execution,
  ExecutionActions,
  ExecutionBody,
  executionSays,
  executionState,
  useExecution,
} from "@/parts/plan-execution"
import { askOf, said } from "@/parts/plan-words"
import { StateMark } from "@/parts/state-mark"
import { Time } from "@/parts/time"
import { useCommands } from "@/shell/commands"
import { useMay } from "@/shell/door"
import { planPath, savedPlanPath } from "@/shell/links"
import { Page } from "@/shell/page"
import { oneOf, useUrlState } from "@/shell/url-state"
import { ChangeExecution } from "./change"
import classes from "./execution.module.css"
import { ExecutionRuns } from "./runs"

const FIELDS = { view: oneOf(["list", "graph"], "list") }
const VIEWS = [
  { value: "list", label: "List" },
  { value: "graph", label: "Graph" },
]

/** One application of a plan, or a backfill, as it goes on: how far it is, what failed, what is left. */
export default function ExecutionPage() {
  const { id = "" } = useParams({ strict: false })
  const query = useExecution(id)
  const [{ view }, set] = useUrlState(FIELDS)
  const [changing, setChanging] = useState(false)
  const execution = query.data
  const live = execution !== undefined && execution.phase !== "finished"
  useCommands(useExecutionCommands(id, execution?.phase, () => setChanging(true)))
  if (execution === undefined)
    return (
      <Page title="Execution" trail={[["Plans", "/plans"]]}>
        <Panel>{query.error ? <Refusal problem={asProblem(query.error)} /> : <Skeleton rows={6} />}</Panel>
      </Page>
    )
  const ask = askOf(execution.request)
  const backfill = execution.kind === "backfill" || Boolean(ask.partitions)
  const name = said(execution.request)
  return (
    <Page
      title={`${execution.kind === "backfill" ? "Backfill" : "Apply"} ${name}`}
      heading={
        <>
          <StateMark state={executionState(execution)} size={15} /> {name}
        </>
      }
      trail={[backfill ? ["Backfills", "/backfills"] : ["Plans", "/plans"]]}
      sub={executionSays(execution)}
      actions={
        <>
          <SegmentedControl
            data={VIEWS}
            value={view}
            onChange={(next) => set({ view: next === "graph" ? "graph" : "list" })}
            aria-label="View"
          />
          {live && (
            <Button variant="default" onClick={() => setChanging(true)}>
              Change
            </Button>
          )}
          <ExecutionActions execution={execution} />
          {!live && execution.outcome !== "succeeded" && (
            <Button
              variant="default"
              component={Link}
              to={planPath({
                ...(ask.select ? { select: ask.select } : {}),
                ...(ask.partitions ? { partitions: ask.partitions } : {}),
              })}
            >
              Plan what is left
            </Button>
          )}
        </>
      }
    >
      <dl className={classes.facts}>
        <Fact name="Asked for by">{execution.by || "–"}</Fact>
        <Fact name="Created">
          <Time at={execution.created} />
        </Fact>
        {execution.finished && (
          <Fact name="Ended">
            <Time at={execution.finished} />
          </Fact>
        )}
        <Fact name="Runs at once">{execution.concurrency ?? "as many as there is room for"}</Fact>
        <Fact name="Priority">{execution.priority}</Fact>
        <Fact name="Work pool">{execution.pool || "–"}</Fact>
        {execution.plan && (
          <Fact name="Plan">
            <Link to={savedPlanPath(execution.plan)}>{execution.plan.slice(0, 8)}</Link>
          </Fact>
        )}
        {execution.automation && <Fact name="Because of">{execution.automation}</Fact>}
      </dl>
      <NotHolding execution={execution} />
      <ExecutionBody id={execution.id} graph={view === "graph"} />
      <ExecutionPartitions id={execution.id} ended={!live} />
      <ExecutionRuns execution={execution.id} />
      {changing && <ChangeExecution execution={execution} onClose={() => setChanging(false)} />}
    </Page>
  )
}

/** Of a saved plan that had drifted what was left out when it was applied. */
function NotHolding({ execution }: { execution: Execution }) {
  const told = execution.options.not_holding
  if (!Array.isArray(told) || told.length === 0) return null
  return (
    <Panel padded>
      <p>
        <StateMark state="stale" /> Left out of the plan, since it did not hold any more:
      </p>
      <ul className={classes.told}>
        {told.map((each) => (
          <li key={String(each)}>{String(each)}</li>
        ))}
      </ul>
    </Panel>
  )
}

function Fact({ name, children }: { name: string; children: React.ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  )
}

function useExecutionCommands(id: string, phase: string | undefined, change: () => void) {
  const may = useMay("operator")
  const { mutate: pause } = api.useMutation("post", "/api/v1/executions/{id}/pause")
  const { mutate: resume } = api.useMutation("post", "/api/v1/executions/{id}/resume")
  const { mutate: cancel } = api.useMutation("post", "/api/v1/executions/{id}/cancel")
  // biome-ignore lint/correctness/useExhaustiveDependencies: `change` opens the same dialog each time
  return useMemo(() => {
    if (!may || phase === undefined || phase === "finished") return []
    const params = { path: { id } }
    const group = "This execution"
    return [
      phase === "suspended"
        ? {
            id: "execution:resume",
            title: "Resume it",
            group,
            keys: "p",
            run: () => resume({ params, body: { retry_failed: false } }),
          }
        : { id: "execution:pause", title: "Pause it", group, keys: "p", run: () => pause({ params }) },
      {
        id: "execution:retry",
        title: "Retry what failed",
        group,
        run: () => resume({ params, body: { retry_failed: true } }),
      },
      { id: "execution:change", title: "Change priority and how many run at once", group, run: change },
      {
        id: "execution:cancel",
        title: "Cancel it",
        group,
        run: () => cancel({ params, body: { reason: "" } }),
      },
    ]
  }, [id, may, phase, pause, resume, cancel])
}
