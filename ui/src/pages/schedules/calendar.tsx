import { ActionIcon, Button, SegmentedControl } from "@mantine/core"
import { ChevronLeft, ChevronRight } from "lucide-react"
import { useMemo } from "react"
import { useClock, useNow } from "@/parts/clock"
import { Panel } from "@/parts/panel"
import { StateMark } from "@/parts/state-mark"
import classes from "./calendar.module.css"
import { type CalendarSpan, type Cell, cellsOf, dayOf, daysOf, shifted, titleOf } from "./calendar-model"
import { type Row, schedulesOf } from "./list"
import { useMarks } from "./use-marks"

interface CalendarProps {
  readonly rows: readonly Row[]
  readonly span: string
  /** A day as `2026-11-20`; empty for today. */
  readonly day: string
  readonly onChange: (change: { span?: CalendarSpan; day?: string }) => void
}

const SPANS: readonly CalendarSpan[] = ["month", "week", "day"]

/** What ran and what will, counted by day; a day is opened with a click. */
export function ScheduleCalendar({ rows, span: word, day: given, onChange }: CalendarProps) {
  const now = useNow()
  const zone = useClock((clock) => clock.zone)
  const span = SPANS.find((each) => each === word) ?? "month"
  const today = dayOf(now, zone)
  const day = given || today
  const days = useMemo(() => daysOf(span, day), [span, day])
  const range = useMemo(
    () => ({
      from: Date.parse(`${days[0]}T00:00Z`) - DAY,
      to: Date.parse(`${days.at(-1)}T00:00Z`) + 2 * DAY,
    }),
    [days],
  )
  const { marks, cut } = useMarks(range, now, schedulesOf(rows))
  const ids = useMemo(() => new Map(rows.map((row) => [row.id, row.name])), [rows])
  const cells = useMemo(
    () =>
      cellsOf(
        marks.filter((each) => ids.has(each.automation)),
        days,
        span,
        zone,
      ),
    [marks, ids, days, span, zone],
  )
  return (
    <>
      <div className={classes.bar}>
        <ActionIcon
          onClick={() => onChange({ day: shifted(span, day, -1) })}
          aria-label={`The ${span} before`}
        >
          <ChevronLeft size={16} />
        </ActionIcon>
        <ActionIcon onClick={() => onChange({ day: shifted(span, day, 1) })} aria-label={`The ${span} after`}>
          <ChevronRight size={16} />
        </ActionIcon>
        <h2>{titleOf(span, day)}</h2>
        <Button size="compact-sm" variant="default" onClick={() => onChange({ day: "" })}>
          Today
        </Button>
        <span className={classes.note}>{cut}</span>
        <SegmentedControl
          data={["month", "week", "day"].map((value) => ({
            value,
            label: `${value[0]?.toUpperCase()}${value.slice(1)}`,
          }))}
          value={span}
          onChange={(value) => onChange({ span: SPANS.find((each) => each === value) ?? "month" })}
          aria-label="How much"
        />
      </div>
      <Panel>
        <div className={classes.grid} data-span={span}>
          {span !== "day" && (
            <div className={classes.weekdays} aria-hidden="true">
              {WEEKDAYS.map((each) => (
                <span key={each}>{each}</span>
              ))}
            </div>
          )}
          <div className={classes.days} role="list" aria-label={titleOf(span, day)}>
            {cells.map((cell) => (
              <DayCell
                key={cell.key}
                cell={cell}
                names={ids}
                span={span}
                today={today}
                month={day.slice(0, 7)}
                onOpen={() => onChange({ span: "day", day: cell.day })}
              />
            ))}
          </div>
        </div>
      </Panel>
    </>
  )
}

const DAY = 86_400_000
const WEEKDAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]

interface CellProps {
  readonly cell: Cell
  readonly names: ReadonlyMap<string, string>
  readonly span: CalendarSpan
  readonly today: string
  readonly month: string
  readonly onOpen: () => void
}

function DayCell({ cell, names, span, today, month, onOpen }: CellProps) {
  const most = span === "month" ? 4 : 14
  const shown = cell.lines.slice(0, most)
  return (
    <div
      className={classes.day}
      role="listitem"
      data-today={cell.day === today || undefined}
      data-other={(span === "month" && !cell.day.startsWith(month)) || undefined}
    >
      <button
        type="button"
        onClick={onOpen}
        className={classes.date}
        disabled={span === "day"}
        aria-label={`${span === "day" ? cell.title : cell.day}: ${cell.total} in all`}
      >
        <span>{cell.title}</span>
        {cell.total > 0 && <i>{cell.total.toLocaleString("en-GB")}</i>}
      </button>
      {shown.map((line) => (
        <p key={line.automation} title={line.says}>
          <StateMark state={line.state} size={9} label="" />
          <span>{names.get(line.automation)}</span>
          <i>{line.times}</i>
        </p>
      ))}
      {cell.lines.length > most && <p className={classes.more}>and {cell.lines.length - most} more</p>}
    </div>
  )
}
