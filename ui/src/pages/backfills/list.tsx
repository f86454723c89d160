import { Link } from "@tanstack/react-router"
import { api } from "@/api/client"
import { paging, useRows } from "@/api/pages"
import { Empty } from "@/parts/empty"
import { ExecutionHeat } from "@/parts/execution-heat"
import { Loaded } from "@/parts/loaded"
import { Panel } from "@/parts/panel"
import { inWords } from "@/parts/plan-bar"
import { countsOf, type Execution, ExecutionActions, executionState } from "@/parts/plan-execution"
import { about, askOf, said } from "@/parts/plan-words"
import { StateWord } from "@/parts/state-mark"
import { type Column, Table } from "@/parts/table"
import { Time } from "@/parts/time"
import { executionPath, savedPlanPath } from "@/shell/links"
import classes from "./list.module.css"

/** Executions that fill a selection of partitions, newest first, with each partition's state as a strip. */
export function BackfillList({ live }: { live: boolean }) {
  const query = api.useInfiniteQuery(
    "get",
    "/api/v1/executions",
    { params: { query: { limit: 100, live, partitions: true } } },
    paging,
  )
  const { rows, more } = useRows(query)
  return (
    <Panel>
      <Loaded query={{ ...query, data: query.data ? rows : undefined }}>
        {(found) => (
          <Table
            label="Backfills"
            columns={COLUMNS}
            rows={found}
            rowKey={(each) => each.id}
            rowHeight={46}
            href={(each) => executionPath(each.id)}
            more={more}
            empty={
              live ? (
                <Empty title="No backfill goes on now." />
              ) : (
                <Empty title="No backfill yet." command="weft backfill NAME 2024-01-01..2024-01-31 --detach">
                  Here is all that fills a selection of partitions: intervals of a pipeline, or what was
                  selected on an asset's strip. Select some there, or ask for a new backfill.
                </Empty>
              )
            }
          />
        )}
      </Loaded>
    </Panel>
  )
}

const COLUMNS: readonly Column<Execution>[] = [
  {
    id: "state",
    title: "State",
    width: "104px",
    cell: (each) => <StateWord state={executionState(each)} />,
  },
  {
    id: "request",
    title: "What",
    width: "minmax(190px, 3.4fr)",
    cell: (each) => <What execution={each} />,
  },
  {
    id: "partitions",
    title: "Partitions",
    width: "minmax(140px, 2fr)",
    cell: (each) => (
      // its strips tell about themselves, so they lie above what opens the row
      <Link to={executionPath(each.id)} tabIndex={-1} className={classes.heat}>
        <ExecutionHeat id={each.id} ended={each.phase === "finished"} of={said(each.request)} />
      </Link>
    ),
  },
  {
    id: "done",
    title: "Done",
    width: "minmax(92px, auto)",
    align: "right",
    cell: (each) => (
      <span className={classes.two} title={inWords(countsOf(each))}>
        <span>
          {(each.succeeded + each.passed).toLocaleString("en-GB")} of {each.total.toLocaleString("en-GB")}
        </span>
        <Left execution={each} />
      </span>
    ),
  },
  {
    id: "created",
    title: "Created",
    width: "84px",
    align: "right",
    wide: true,
    cell: (each) => <Time at={each.created} />,
  },
  {
    id: "acts",
    title: "",
    width: "176px",
    align: "right",
    cell: (each) => (
      <span className={classes.acts}>
        <ExecutionActions execution={each} compact />
      </span>
    ),
  },
]

/** What it fills; who asked for it, how, and the plan that was agreed to. */
function What({ execution }: { execution: Execution }) {
  const { plan, kind, by, automation, request } = execution
  const { exact } = askOf(request)
  return (
    <span className={classes.two} title={request}>
      <strong>{said(exact ? request.replace(/ --force\b/, "") : request)}</strong>
      <span className={classes.dim}>
        {kind === "apply" ? "applied" : kind} by {automation ?? by}
        {exact && " · whatever its state"}
        {plan !== null && (
          <>
            {" · "}
            <Link to={savedPlanPath(plan)}>plan {plan.slice(0, 8)}</Link>
          </>
        )}
      </span>
    </span>
  )
}

/** What is wrong, else how long it may take. */
function Left({ execution: { failed, seconds_left, phase, waits_for } }: { execution: Execution }) {
  if (failed > 0) return <span className={classes.failed}>{failed.toLocaleString("en-GB")} failed</span>
  if (phase === "suspended") return <span className={classes.dim}>paused</span>
  if (seconds_left !== null && about(seconds_left))
    return <span className={classes.dim}>{about(seconds_left)} left</span>
  return <span className={classes.dim}>{waits_for.length > 0 && phase !== "finished" ? "waits" : ""}</span>
}
