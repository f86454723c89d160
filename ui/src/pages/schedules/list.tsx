import { VisuallyHidden } from "@mantine/core"
import { Link } from "@tanstack/react-router"
import { Empty } from "@/parts/empty"
import { Panel } from "@/parts/panel"
import { StateMark, StateWord } from "@/parts/state-mark"
import { type Column, Table } from "@/parts/table"
import { Time } from "@/parts/time"
import { assetPath, pipelinePath, schedulePath } from "@/shell/links"
import { PauseSwitch } from "./pause"
import classes from "./schedules.module.css"
import { type Automation, decisionOf, nameOf, type Schedule, when } from "./words"

export interface Row extends Automation {
  readonly schedule: Schedule | undefined
}

/** How many of them are schedules, which have ticks to come. */
export const schedulesOf = (rows: readonly Row[]): number =>
  rows.filter((row) => row.kind === "schedule").length

/** All that asks for runs by itself: when, what it decided last, and whether it is paused. */
export function ScheduleList({ rows }: { rows: readonly Row[] }) {
  return (
    <Panel>
      <Table
        label="Schedules, sensors and conditions"
        columns={COLUMNS}
        rows={rows}
        rowKey={(row) => row.id}
        href={(row) => schedulePath(nameOf(row))}
        empty={
          <Empty title="Nothing asks for runs by itself yet." command="weft schedules">
            Give a pipeline a schedule (<code>@dag(schedule="@daily")</code>), an asset a condition, or write
            a sensor.
          </Empty>
        }
      />
    </Panel>
  )
}

/** What it is in now: paused, wrong, or at work. */
function stateOfRow(row: Row): { state: string; word: string } {
  if (row.schedule?.problem) return { state: "failed", word: row.schedule.problem }
  if (row.paused) return { state: "paused", word: "paused" }
  if (row.decision === "failed") return { state: "failed", word: "could not start" }
  return { state: "ok", word: "asks for runs" }
}

const COLUMNS: readonly Column<Row>[] = [
  {
    id: "state",
    title: <VisuallyHidden>State</VisuallyHidden>,
    width: "16px",
    cell: (row) => {
      const { state, word } = stateOfRow(row)
      return <StateMark state={state} label={word} />
    },
  },
  {
    id: "name",
    title: "Name",
    width: "minmax(130px, 1.4fr)",
    cell: (row) => <strong title={row.description || row.name}>{row.name}</strong>,
  },
  { id: "kind", title: "Kind", width: "72px", cell: (row) => row.kind, wide: true },
  {
    id: "when",
    title: "When",
    width: "minmax(140px, 1.6fr)",
    cell: (row) => (
      <span title={row.when}>
        {when(row.schedule?.schedule ?? row.when)}
        {row.schedule && row.schedule.timezone !== "UTC" && (
          <span className={classes.dim}> {row.schedule.timezone}</span>
        )}
      </span>
    ),
  },
  {
    id: "asks",
    title: "Starts",
    width: "minmax(100px, 1fr)",
    cell: (row) => <Target row={row} />,
    wide: true,
  },
  {
    id: "next",
    title: "Next",
    width: "104px",
    align: "right",
    cell: (row) => (row.paused ? "–" : <Time at={row.schedule ? row.schedule.next_at : row.next_look} />),
  },
  {
    id: "last",
    title: "Last decision",
    width: "minmax(170px, 2fr)",
    cell: (row) => <Last row={row} />,
  },
  { id: "switch", title: "On", width: "44px", cell: (row) => <PauseSwitch automation={row} /> },
]

function Target({ row }: { row: Row }) {
  if (row.kind === "schedule" || row.kind === "sensor" || row.kind === "webhook")
    return <Link to={pipelinePath(row.asks_for)}>{row.asks_for}</Link>
  return <Link to={assetPath(row.asks_for)}>{row.asks_for}</Link>
}

function Last({ row }: { row: Row }) {
  if (row.paused)
    return (
      <span className={classes.dim} title={row.paused_why}>
        paused by {row.paused_by}
        {row.paused_why && `: ${row.paused_why}`}
      </span>
    )
  if (!row.decision) return <span className={classes.dim}>nothing yet</span>
  const { state, word } = decisionOf(row.decision)
  const reason = row.reason || row.schedule?.last?.reason || ""
  return (
    <span title={reason}>
      <StateWord state={state}>{word}</StateWord>{" "}
      <span className={classes.dim}>
        <Time at={row.same > 0 ? row.looked_at : row.decided_at} />
        {row.same > 0 && ` (${(row.same + 1).toLocaleString("en-GB")} times)`}
        {reason && ` · ${reason}`}
      </span>
    </span>
  )
}
