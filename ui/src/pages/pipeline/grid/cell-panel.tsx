import { ActionIcon, Button, Tooltip } from "@mantine/core"
import { Link } from "@tanstack/react-router"
import { X } from "lucide-react"
import { api, type Schema } from "@/api/client"
import { duration } from "@/parts/clock"
import { openLaunch } from "@/parts/launch/state"
import { Panel } from "@/parts/panel"
import { StateMark, StateWord } from "@/parts/state-mark"
import { Lasted, Time } from "@/parts/time"
import { useMay } from "@/shell/door"
import { runPath } from "@/shell/links"
import { runState } from "@/theme/states"
import { cellOf, type Run, rank, wordsOf } from "./cells"
import classes from "./grid.module.css"
import type { GridRow } from "./rows"

interface CellPanelProps {
  readonly run: Run
  /** null: the run itself. */
  readonly row: GridRow | null
  readonly pipeline: string
  readonly onClose: () => void
}

const SHOWN = 100

/** One cell of the grid, or one run: where it stands, its items, its log, and what can be done. */
export function CellPanel({ run: { run, cells }, row, pipeline, onClose }: CellPanelProps) {
  const cell = row ? cellOf({ run, cells }, row.tasks) : null
  const task = row?.kind === "task" ? row.id : null
  const title = row ? row.id.replace(/\.$/, "") : (run.partition ?? `Run ${run.id.slice(0, 8)}`)
  return (
    <aside className={classes.panel} aria-label={`${title} in run ${run.id}`}>
      <Panel padded>
        <div className={classes.panelHead}>
          <h2>{title}</h2>
          <ActionIcon aria-label="Close" onClick={onClose}>
            <X size={15} aria-hidden="true" />
          </ActionIcon>
        </div>
        <dl className={classes.facts}>
          <dt>Run</dt>
          <dd>
            <Link to={runPath(run.id)}>
              {run.partition ?? run.id.slice(0, 8)} <StateMark state={runState(run)} />
            </Link>
          </dd>
          {row ? (
            <>
              <dt>State</dt>
              <dd>
                {cell === null ? (
                  <span className={classes.faint}>has not begun</span>
                ) : (
                  wordsOf(cell.counts).map(([word, count]) => (
                    <div key={word}>
                      <StateWord state={word} />
                      {cell.total > 1 && ` ${count.toLocaleString("en-GB")}`}
                    </div>
                  ))
                )}
              </dd>
              {cell && (
                <>
                  <dt>Took</dt>
                  <dd>
                    {duration(cell.seconds)}
                    {cell.total > 1 && " in all"}
                  </dd>
                  {cell.attempts > 1 && (
                    <>
                      <dt>Attempts</dt>
                      <dd>{cell.attempts}</dd>
                    </>
                  )}
                </>
              )}
            </>
          ) : (
            <>
              <dt>State</dt>
              <dd>
                <StateWord state={runState(run)} />
              </dd>
              <dt>Began</dt>
              <dd>
                <Time at={run.started_at ?? run.created_at} />
              </dd>
              <dt>Took</dt>
              <dd>
                <Lasted from={run.started_at} to={run.finished_at} />
              </dd>
              <dt>Asked by</dt>
              <dd>
                {run.trigger}
                {run.by && `, ${run.by}`}
              </dd>
            </>
          )}
        </dl>
        <Actions run={run} task={task} />
        {task !== null && cell !== null && (
          <Items run={run.id} step={`${pipeline}:${task}`} mapped={row?.mapped ?? false} task={task} />
        )}
      </Panel>
    </aside>
  )
}

function Actions({ run, task }: { run: Run["run"]; task: string | null }) {
  const may = useMay("operator")
  const ended = run.phase === "finished"
  const why = !may
    ? "Only operators may start runs."
    : ended
      ? null
      : `The run is ${run.phase}; it can be repeated once it has ended.`
  const button = (label: string, press: () => void) => (
    <Tooltip label={why} disabled={why === null}>
      <Button
        variant="default"
        size="compact-sm"
        data-disabled={why !== null || undefined}
        onClick={() => why === null && press()}
      >
        {label}
      </Button>
    </Tooltip>
  )
  return (
    <div className={classes.buttons}>
      {task === null ? (
        <>
          {run.outcome !== "succeeded" &&
            button("Run again from what failed", () => openLaunch({ rerunOf: run.id, mode: "failed" }))}
          {button("Run all again", () => openLaunch({ rerunOf: run.id, mode: "all" }))}
        </>
      ) : (
        <>
          {button("Run again from here", () => openLaunch({ rerunOf: run.id, mode: "from", step: task }))}
          {button("Only this step", () => openLaunch({ rerunOf: run.id, mode: "only", step: task }))}
          <Button
            variant="default"
            size="compact-sm"
            renderRoot={(props) => <Link to={runPath(run.id, { tab: "logs", step: task })} {...props} />}
          >
            Log
          </Button>
        </>
      )}
    </div>
  )
}

/** What did not go well first; then by the number of the item. */
function worstFirst(a: Schema["StepRunView"], b: Schema["StepRunView"]): number {
  const by = rank(a.outcome ?? a.phase) - rank(b.outcome ?? b.phase)
  return by || a.item.localeCompare(b.item, "en", { numeric: true })
}

interface ItemsProps {
  readonly run: string
  readonly step: string
  readonly task: string
  readonly mapped: boolean
}

/** The step runs of one step in one run: one, or the items of a mapped one, and why they failed. */
function Items({ run, step, task, mapped }: ItemsProps) {
  const detail = api.useQuery("get", "/api/v1/runs/{id}/detail", { params: { path: { id: run } } })
  const items = api.useQuery(
    "get",
    "/api/v1/runs/{id}/step-runs",
    { params: { path: { id: run }, query: { step, limit: SHOWN } } },
    { enabled: mapped },
  )
  const failures = detail.data?.failures.filter((each) => each.step === step) ?? []
  return (
    <>
      {failures.slice(0, 3).map((each) => (
        <p key={each.item} className={classes.error}>
          {each.item && <strong>[{each.item}] </strong>}
          {each.error || each.outcome}
        </p>
      ))}
      {mapped && items.data && (
        <div className={classes.items}>
          {items.data.items.toSorted(worstFirst).map((each) => (
            <Link key={each.item} to={runPath(run, { tab: "logs", step: task, partition: each.item })}>
              <StateMark state={each.outcome ?? each.phase} />
              <span>[{each.item}]</span>
              {each.reason && <span className={classes.faint}>{each.reason}</span>}
              <span className={classes.seconds}>{duration(each.seconds)}</span>
            </Link>
          ))}
          {items.data.next !== null && (
            <Link to={runPath(run, { step: task })}>All items are on the page of the run</Link>
          )}
        </div>
      )}
    </>
  )
}
