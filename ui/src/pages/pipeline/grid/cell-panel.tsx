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
import { cellAt, type Run, wordsOf } from "./cells"
import classes from "./grid.module.css"
import type { GridRow } from "./rows"

interface CellPanelProps {
  readonly run: Run
  /** null: the run itself. */
  readonly row: GridRow | null
  readonly pipeline: string
  /** Makes rows of the items; null where it has none, or they are rows. */
  readonly onUnfold: (() => void) | null
  readonly onItem: (id: string) => void
  readonly onClose: () => void
}

const SHOWN = 500

/** One cell of the grid, or one run: where it stands, its items, its log, and what can be done. */
export function CellPanel({ run: { run, cells }, row, pipeline, onUnfold, onItem, onClose }: CellPanelProps) {
  const cell = row ? cellAt({ run, cells }, row) : null
  const task = row?.kind === "task" ? row.id : (row?.item?.task ?? null)
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
                {cell === null || cell === undefined ? (
                  <span className={classes.faint}>{cell === null ? "has not begun" : "is being read …"}</span>
                ) : (
                  wordsOf(cell.counts).map(([word, count]) => (
                    <div key={word}>
                      <StateWord state={word} />
                      {cell.total > 1 && ` ${count.toLocaleString("en-GB")}`}
                    </div>
                  ))
                )}
              </dd>
              {cell && cell.seconds !== null && (
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
        <Actions run={run} task={task} item={row?.item?.name ?? null} />
        {row?.item ? (
          <OneItem run={run.id} step={`${pipeline}:${row.item.task}`} item={row.item.name} />
        ) : (
          task !== null &&
          cell && (
            <Items
              run={run.id}
              step={`${pipeline}:${task}`}
              task={task}
              worst={row?.mapped ? cell.state : null}
              left={cell.total - (cell.counts[cell.state] ?? 0)}
              onUnfold={onUnfold}
              onItem={onItem}
            />
          )
        )}
      </Panel>
    </aside>
  )
}

function Actions({ run, task, item }: { run: Run["run"]; task: string | null; item: string | null }) {
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
            button("Re-run from what failed", () => openLaunch({ rerunOf: run.id, mode: "failed" }))}
          {button("Re-run all", () => openLaunch({ rerunOf: run.id, mode: "all" }))}
        </>
      ) : (
        <>
          {button("Re-run from here", () => openLaunch({ rerunOf: run.id, mode: "from", step: task }))}
          {button("Only this step", () => openLaunch({ rerunOf: run.id, mode: "only", step: task }))}
          <Button
            variant="default"
            size="compact-sm"
            renderRoot={(props) => (
              <Link
                to={runPath(run.id, {
                  tab: "logs",
                  step: task,
                  ...(item === null ? {} : { partition: item }),
                })}
                {...props}
              />
            )}
          >
            Log
          </Button>
        </>
      )}
    </div>
  )
}

interface ItemsProps {
  readonly run: string
  readonly step: string
  readonly task: string
  /** Of a mapped step the state that is the worst in this run: its items are listed. */
  readonly worst: string | null
  /** How many items stand otherwise. */
  readonly left: number
  readonly onUnfold: (() => void) | null
  readonly onItem: (id: string) => void
}

/** The step runs of one step in one run: one, or those items of a mapped one that stand worst, and why they failed. */
function Items({ run, step, task, worst, left, onUnfold, onItem }: ItemsProps) {
  const detail = api.useQuery(
    "get",
    "/api/v1/runs/{id}/detail",
    { params: { path: { id: run } } },
    { enabled: worst === null },
  )
  const items = api.useQuery(
    "get",
    "/api/v1/runs/{id}/step-runs",
    { params: { path: { id: run }, query: { step, state: worst ?? "", limit: SHOWN } } },
    { enabled: worst !== null },
  )
  const failures = detail.data?.failures.filter((each) => each.step === step) ?? []
  const rest = left > 0 || items.data?.next != null
  return (
    <>
      {worst === null &&
        failures.slice(0, 3).map((each) => (
          <p key={each.item} className={classes.error}>
            {each.error || each.outcome}
          </p>
        ))}
      {worst !== null && items.data && (
        <div className={classes.items}>
          {items.data.items.toSorted(byNumber).map((each) => (
            <button key={each.item} type="button" onClick={() => onItem(`${task}[${each.item}]`)}>
              <StateMark state={each.outcome ?? each.phase} />
              <span>[{each.item}]</span>
              {each.reason && (
                <span className={classes.reason} title={each.reason}>
                  {each.reason}
                </span>
              )}
              <span className={classes.seconds}>{duration(each.seconds)}</span>
            </button>
          ))}
        </div>
      )}
      {rest && onUnfold && (
        <Button variant="subtle" size="compact-sm" mt={8} onClick={onUnfold}>
          All items as rows of the grid
        </Button>
      )}
    </>
  )
}

function byNumber(a: Schema["StepRunView"], b: Schema["StepRunView"]): number {
  return a.item.localeCompare(b.item, "en", { numeric: true })
}

/** One item of a mapped step: how long it took, and why it failed. */
function OneItem({ run, step, item }: { run: string; step: string; item: string }) {
  const path = { id: run }
  const found = api.useQuery("get", "/api/v1/runs/{id}/step-runs", {
    params: { path, query: { step, item, limit: 1 } },
  }).data?.items[0]
  const wentWrong = found?.outcome != null && !["succeeded", "reused", "skipped"].includes(found.outcome)
  const failed = api
    .useQuery(
      "get",
      "/api/v1/runs/{id}/logs",
      { params: { path, query: { step, item, failed: true, limit: 20 } } },
      { enabled: wentWrong },
    )
    .data?.items.at(-1)
  if (found === undefined || found.item !== item) return null
  const why = failed?.error || found.reason
  return (
    <>
      <dl className={classes.facts}>
        <dt>Took</dt>
        <dd>{duration(found.seconds)}</dd>
        {found.attempt > 1 && (
          <>
            <dt>Attempts</dt>
            <dd>{found.attempt}</dd>
          </>
        )}
      </dl>
      {wentWrong && why && <p className={classes.error}>{why}</p>}
    </>
  )
}
