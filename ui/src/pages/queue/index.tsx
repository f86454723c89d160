import { Checkbox, NumberInput } from "@mantine/core"
import { Link } from "@tanstack/react-router"
import { useMemo, useState } from "react"
import { api, type Schema } from "@/api/client"
import { Empty } from "@/parts/empty"
import { Filters, Find } from "@/parts/filters"
import { Loaded } from "@/parts/loaded"
import { Panel } from "@/parts/panel"
import { type Column, Table } from "@/parts/table"
import { Time } from "@/parts/time"
import { useMay } from "@/shell/door"
import { pipelinePath, runPath } from "@/shell/links"
import { Page } from "@/shell/page"
import { text, useUrlState } from "@/shell/url-state"
import { RunLinks } from "../workers/run-links"
import { Acting } from "./acting"
import { type Chosen, fits, useChosen } from "./chosen"
import { Pools } from "./pools"
import classes from "./queue.module.css"
import { WorkPools } from "./work-pools"

type Queued = Schema["QueuedView"]

/** Runs that are shown at most; the API gives no more at once. */
const MOST = 500

const fields = { q: text() }

/** Who waits and why, who holds what, and how many may. */
export default function QueuePage() {
  const queue = api.useQuery("get", "/api/v1/queue", { params: { query: { limit: MOST } } })
  const [{ q }, setView] = useUrlState(fields)
  const items = queue.data?.items
  const rows = useMemo(() => (items ?? []).filter((row) => fits(row, q)), [items, q])
  const chosen = useChosen(rows)
  const may = useMay("operator")
  const columns = useMemo(() => (may ? [checkbox(chosen), ...COLUMNS] : COLUMNS), [chosen, may])
  return (
    <Page title="Queue" sub={items && waitingWords(items.length)}>
      {(items?.length ?? 0) > 0 && (
        <Filters end={may && <Acting runs={chosen.runs} clear={chosen.clear} />}>
          <Find
            label="Find a run that waits"
            placeholder="Pipeline, work pool or reason"
            value={q}
            onChange={(next) => setView({ q: next })}
          />
        </Filters>
      )}
      <Panel>
        <Loaded query={queue}>
          {() => (
            <Table
              label="Runs that wait"
              columns={columns}
              rows={rows}
              rowKey={(row) => row.run}
              rowHeight={48}
              empty={
                q ? (
                  <Empty title="No run that waits is like that.">Other words, or none.</Empty>
                ) : (
                  <Empty title="Nothing waits.">
                    A run that can't start yet stands here, with the reason and with who holds it up.
                  </Empty>
                )
              }
            />
          )}
        </Loaded>
      </Panel>
      <Pools />
      <WorkPools />
    </Page>
  )
}

function waitingWords(count: number): string {
  if (count === 0) return "no run waits"
  if (count >= MOST) return `the first ${MOST} runs that wait`
  return count === 1 ? "one run waits" : `${count} runs wait`
}

const COLUMNS: ReadonlyArray<Column<Queued>> = [
  {
    id: "what",
    title: "Run",
    width: "minmax(212px, 2.2fr)",
    cell: (row) => (
      <>
        <p className={classes.first}>
          {row.pipeline ? <Link to={pipelinePath(row.pipeline)}>{row.pipeline}</Link> : "assets"}
        </p>
        <p className={classes.second}>
          <Link to={runPath(row.run)} className="mono">
            {row.run.slice(0, 8)}
          </Link>{" "}
          {row.partition}
        </p>
      </>
    ),
  },
  { id: "why", title: "Why it waits", width: "minmax(240px, 5fr)", cell: (row) => <Why row={row} /> },
  {
    id: "place",
    title: "Place",
    width: "minmax(90px, 1fr)",
    cell: (row) => (
      <span title={`Number ${row.position} of the work pool ${row.pool}`}>
        {row.position} <span className={classes.note}>in {row.pool}</span>
      </span>
    ),
  },
  {
    id: "since",
    title: "Since",
    width: "108px",
    align: "right",
    cell: (row) => (
      <>
        <p>
          <Time at={row.since} />
        </p>
        <p className={classes.second}>by {row.by}</p>
      </>
    ),
  },
  { id: "priority", title: "Priority", width: "70px", align: "right", cell: (row) => <Priority row={row} /> },
]

function checkbox({ has, set, all, setAll }: Chosen): Column<Queued> {
  return {
    id: "chosen",
    title: (
      <Checkbox
        aria-label="Choose all"
        checked={all === "all"}
        indeterminate={all === "some"}
        onChange={(event) => setAll(event.currentTarget.checked)}
      />
    ),
    width: "16px",
    cell: (row) => (
      <Checkbox
        aria-label={`Choose ${row.run.slice(0, 8)}`}
        checked={has(row.run)}
        onChange={(event) => set(row.run, event.currentTarget.checked)}
      />
    ),
  }
}

function Why({ row }: { row: Queued }) {
  const [first, ...others] = row.reasons
  if (first === undefined) return <p className={classes.first}>its turn comes next</p>
  return (
    <div title={row.reasons.map((each) => [each.text, each.remedy].filter(Boolean).join(" ")).join("\n")}>
      <p className={classes.first}>{first.text}</p>
      <p className={classes.second}>
        {first.holders.length > 0 && (
          <>
            held by <RunLinks runs={first.holders} most={3} />{" "}
          </>
        )}
        {first.remedy}
        {others.length > 0 &&
          ` and ${others.length === 1 ? "one more reason" : `${others.length} more reasons`}: ${others[0]?.text}`}
      </p>
    </div>
  )
}

/** The priority of a run that waits; what is typed counts when the field is left. */
function Priority({ row }: { row: Queued }) {
  const may = useMay("operator")
  const [typed, setTyped] = useState<number | string | null>(null)
  const change = api.useMutation("put", "/api/v1/runs/{id}/priority")
  if (!may) return row.priority
  const send = () => {
    if (typeof typed === "number" && typed !== row.priority)
      change.mutate({ params: { path: { id: row.run } }, body: { priority: typed } })
    setTyped(null)
  }
  return (
    <NumberInput
      variant="unstyled"
      classNames={{ input: classes.priority }}
      aria-label={`Priority of ${row.run.slice(0, 8)}`}
      value={typed ?? row.priority}
      onChange={setTyped}
      onBlur={send}
      onKeyDown={(event) => event.key === "Enter" && event.currentTarget.blur()}
      min={-1000}
      max={1000}
      allowDecimal={false}
      hideControls
    />
  )
}
