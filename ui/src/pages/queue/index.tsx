import { NumberInput } from "@mantine/core"
import { Link } from "@tanstack/react-router"
import { useState } from "react"
import { api, type Schema } from "@/api/client"
import { Empty } from "@/parts/empty"
import { Loaded } from "@/parts/loaded"
import { Panel } from "@/parts/panel"
import { type Column, Table } from "@/parts/table"
import { Time } from "@/parts/time"
import { useMay } from "@/shell/door"
import { pipelinePath, runPath } from "@/shell/links"
import { Page } from "@/shell/page"
import { Pools } from "./pools"
import classes from "./queue.module.css"
import { WorkPools } from "./work-pools"

type Queued = Schema["QueuedView"]

/** Runs that are shown at most; the API gives no more at once. */
const MOST = 500

/** Who waits and why, who holds what, and how many may. */
export default function QueuePage() {
  const queue = api.useQuery("get", "/api/v1/queue", { params: { query: { limit: MOST } } })
  const waiting = queue.data?.items.length
  return (
    <Page title="Queue" sub={waiting === undefined ? undefined : waitingWords(waiting)}>
      <Panel>
        <Loaded query={queue}>{({ items }) => <Waiting items={items} />}</Loaded>
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

const columns: ReadonlyArray<Column<Queued>> = [
  { id: "position", title: "#", width: "40px", align: "right", cell: (row) => row.position },
  {
    id: "run",
    title: "Run",
    width: "92px",
    cell: (row) => (
      <Link to={runPath(row.run)} className="mono">
        {row.run.slice(0, 8)}
      </Link>
    ),
  },
  {
    id: "what",
    title: "Of",
    width: "minmax(140px, 2fr)",
    cell: (row) => (
      <>
        {row.pipeline ? <Link to={pipelinePath(row.pipeline)}>{row.pipeline}</Link> : "assets"}
        {row.partition && <span className={classes.note}>{row.partition}</span>}
      </>
    ),
  },
  { id: "why", title: "Why it waits", width: "minmax(220px, 5fr)", cell: (row) => <Why row={row} /> },
  { id: "pool", title: "Work pool", width: "110px", cell: (row) => row.pool },
  { id: "since", title: "Since", width: "90px", align: "right", cell: (row) => <Time at={row.since} /> },
  { id: "priority", title: "Priority", width: "84px", align: "right", cell: (row) => <Priority row={row} /> },
]

function Waiting({ items }: { items: readonly Queued[] }) {
  return (
    <Table
      label="Runs that wait"
      columns={columns}
      rows={items}
      rowKey={(row) => row.run}
      empty={
        <Empty title="Nothing waits.">
          A run that can't start yet stands here, with the reason and with who holds it up.
        </Empty>
      }
    />
  )
}

function Why({ row }: { row: Queued }) {
  const [first, ...others] = row.reasons
  if (first === undefined) return "its turn comes next"
  return (
    <span title={row.reasons.map((each) => [each.text, each.remedy].filter(Boolean).join(" ")).join("\n")}>
      {first.text}
      {first.holders.length > 0 && (
        <span className={classes.note}>
          held by{" "}
          {first.holders.slice(0, 3).map((run, at) => (
            <span key={run}>
              {at > 0 && ", "}
              <Link to={runPath(run)} className="mono">
                {run.slice(0, 8)}
              </Link>
            </span>
          ))}
          {first.holders.length > 3 && ` and ${first.holders.length - 3} more`}
        </span>
      )}
      {others.length > 0 && <span className={classes.note}>and {others.length} more reasons</span>}
    </span>
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
