import { ActionIcon, Tooltip } from "@mantine/core"
import { Pause, Play, PlayCircle } from "lucide-react"
import type { Schema } from "@/api/client"
import { duration } from "@/parts/clock"
import { scheduleWords } from "@/parts/cron-words"
import { openLaunch } from "@/parts/launch/state"
import { StateMark } from "@/parts/state-mark"
import type { Column } from "@/parts/table"
import { Time } from "@/parts/time"
import { figuresOf } from "./figures"
import classes from "./pipelines.module.css"
import { RunBars } from "./run-bars"
import type { Pauses } from "./use-pauses"

type Row = Schema["PipelineView"]

export const KIND_WORDS: Readonly<Record<string, string>> = { dag: "DAG", flow: "flow", job: "job" }

export function columnsOf(
  schedules: ReadonlyMap<string, Schema["ScheduleView"]>,
  pauses: Pauses,
): ReadonlyArray<Column<Row>> {
  return [
    {
      id: "name",
      title: "Pipeline",
      width: "minmax(180px, 2.2fr)",
      cell: (row) => (
        <div className={classes.name}>
          <span className={classes.first}>
            <strong>{row.name}</strong>
            {row.tags.slice(0, 3).map((tag) => (
              <span key={tag} className={classes.tag}>
                {tag}
              </span>
            ))}
          </span>
          <span className={classes.second} title={row.description}>
            {row.description}
          </span>
        </div>
      ),
    },
    {
      id: "kind",
      title: "Kind",
      width: "72px",
      cell: (row) => (
        <div className={classes.name}>
          <span>{KIND_WORDS[row.kind] ?? row.kind}</span>
          <span className={classes.second}>
            {row.steps > 0 &&
              `${row.steps} ${row.kind === "job" ? "asset" : "task"}${row.steps === 1 ? "" : "s"}`}
          </span>
        </div>
      ),
    },
    { id: "runs", title: "Last runs", width: "166px", cell: (row) => <RunBars runs={row.runs} /> },
    { id: "now", title: "Now", width: "84px", cell: (row) => <Live row={row} /> },
    {
      id: "rate",
      title: "Succeeded",
      width: "82px",
      align: "right",
      wide: true,
      cell: (row) => {
        const { ended, succeeded } = figuresOf(row.runs)
        return ended === 0 ? (
          "–"
        ) : (
          <span title={`${succeeded} of the last ${ended} that ended`}>{`${succeeded} of ${ended}`}</span>
        )
      },
    },
    {
      id: "median",
      title: "Median",
      width: "80px",
      align: "right",
      wide: true,
      cell: (row) => duration(figuresOf(row.runs).median),
    },
    {
      id: "schedule",
      title: "Schedule",
      width: "minmax(120px, 1.2fr)",
      cell: (row) => <Schedule row={row} schedule={schedules.get(row.name)} />,
    },
    {
      id: "act",
      title: <span className={classes.hidden}>Actions</span>,
      width: "64px",
      align: "right",
      cell: (row) => <Actions row={row} schedule={schedules.get(row.name)} pauses={pauses} />,
    },
  ]
}

function Live({ row }: { row: Row }) {
  const { running, waiting } = figuresOf(row.runs)
  if (running + waiting === 0) return null
  return (
    <span className={classes.live}>
      {running > 0 && (
        <span title={`${running} running`}>
          <StateMark state="running" /> {running}
        </span>
      )}
      {waiting > 0 && (
        <span title={`${waiting} waiting`}>
          <StateMark state="waiting" /> {waiting}
        </span>
      )}
    </span>
  )
}

function Schedule({ row, schedule }: { row: Row; schedule: Schema["ScheduleView"] | undefined }) {
  if (row.schedule === null) return <span className={classes.faint}>by hand</span>
  return (
    <div className={classes.name}>
      <span title={row.schedule}>{scheduleWords(row.schedule)}</span>
      <span className={classes.second}>
        {schedule?.paused ? (
          <>
            <StateMark state="paused" size={10} label="" /> paused
            {schedule.paused_by && ` by ${schedule.paused_by}`}
          </>
        ) : schedule?.next_at ? (
          <>
            next <Time at={schedule.next_at} />
          </>
        ) : (
          row.next_interval_ends && (
            <>
              next <Time at={row.next_interval_ends} />
            </>
          )
        )}
      </span>
    </div>
  )
}

interface ActionsProps {
  readonly row: Row
  readonly schedule: Schema["ScheduleView"] | undefined
  readonly pauses: Pauses
}

function Actions({ row, schedule, pauses }: ActionsProps) {
  const why = pauses.may ? null : "Only operators may do this."
  return (
    <span className={classes.acts}>
      {schedule && (
        <Tooltip label={why ?? (schedule.paused ? "Resume its schedule" : "Pause its schedule")}>
          <ActionIcon
            aria-label={`${schedule.paused ? "Resume" : "Pause"} the schedule of ${row.name}`}
            disabled={!pauses.may}
            loading={pauses.busy === schedule.id}
            onClick={() => pauses.set(schedule.id, !schedule.paused)}
          >
            {schedule.paused ? (
              <PlayCircle size={14} aria-hidden="true" />
            ) : (
              <Pause size={14} aria-hidden="true" />
            )}
          </ActionIcon>
        </Tooltip>
      )}
      <Tooltip label={why ?? "Run"}>
        <ActionIcon
          aria-label={`Run ${row.name}`}
          disabled={!pauses.may}
          onClick={() => openLaunch({ kind: row.kind === "job" ? "job" : "pipeline", name: row.name })}
        >
          <Play size={14} aria-hidden="true" />
        </ActionIcon>
      </Tooltip>
    </span>
  )
}
