import { SegmentedControl, Select } from "@mantine/core"
import { useMemo } from "react"
import { api } from "@/api/client"
import { Loaded } from "@/parts/loaded"
import { plural } from "@/parts/plan-words"
import { useCommands } from "@/shell/commands"
import { Page } from "@/shell/page"
import { moment, oneOf, text, useUrlState } from "@/shell/url-state"
import { ScheduleCalendar } from "./calendar"
import type { CalendarSpan } from "./calendar-model"
import { type Row, ScheduleList } from "./list"
import classes from "./schedules.module.css"
import { ScheduleTimeline } from "./timeline"

const VIEWS = ["list", "timeline", "calendar"] as const
const FIELDS = {
  view: oneOf(VIEWS, "list"),
  kind: text(),
  // of the timeline: the two ends in seconds, 0 for around now
  from: moment(),
  to: moment(),
  // of the calendar
  span: oneOf<CalendarSpan>(["month", "week", "day"], "month"),
  day: text(),
}

const KINDS = [
  { value: "", label: "All kinds" },
  { value: "schedule", label: "Schedules" },
  { value: "sensor", label: "Sensors" },
  { value: "condition", label: "Conditions" },
  { value: "webhook", label: "Webhooks" },
]

/** What asks for runs by itself: as a list, over time with what it did and will do, and by day. */
export default function SchedulesPage() {
  const [values, set] = useUrlState(FIELDS)
  const automations = api.useQuery("get", "/api/v1/automations/overview")
  const schedules = api.useQuery("get", "/api/v1/schedules", { params: { query: { limit: 500 } } })
  const rows = useMemo(() => {
    const known = new Map(schedules.data?.items.map((each) => [each.id, each]))
    return (automations.data?.items ?? [])
      .filter((each) => !values.kind || each.kind === values.kind)
      .map((each): Row => ({ ...each, schedule: known.get(each.id) }))
      .toSorted((one, other) => order(one) - order(other) || one.name.localeCompare(other.name))
  }, [automations.data, schedules.data, values.kind])
  const commands = useMemo(
    () =>
      VIEWS.map((view, at) => ({
        id: `schedules:${view}`,
        title: `Show as ${view}`,
        group: "View",
        keys: String(at + 1),
        run: () => set({ view }),
      })),
    [set],
  )
  useCommands(commands)
  const paused = rows.filter((each) => each.paused).length
  return (
    <Page
      title="Schedules"
      sub={
        automations.data &&
        `${rows.length} in all${paused ? `, ${plural(paused, "paused").replace(/s$/, "")}` : ""}`
      }
    >
      <div className={classes.bar}>
        <SegmentedControl
          data={[
            { value: "list", label: "List" },
            { value: "timeline", label: "Timeline" },
            { value: "calendar", label: "Calendar" },
          ]}
          value={values.view}
          onChange={(view) => set({ view: VIEWS.find((each) => each === view) ?? "list" }, { push: true })}
          aria-label="View"
        />
        <Select
          aria-label="Kind"
          data={KINDS}
          value={values.kind}
          allowDeselect={false}
          w={140}
          onChange={(kind) => set({ kind: kind ?? "" })}
        />
      </div>
      <Loaded query={automations}>
        {() =>
          values.view === "timeline" ? (
            <ScheduleTimeline rows={rows} from={values.from} to={values.to} onWindow={set} />
          ) : values.view === "calendar" ? (
            <ScheduleCalendar rows={rows} span={values.span} day={values.day} onChange={set} />
          ) : (
            <ScheduleList rows={rows} />
          )
        }
      </Loaded>
    </Page>
  )
}

const ORDER = ["schedule", "sensor", "webhook", "condition"]
const order = (row: Row) => ORDER.indexOf(row.kind)
