import { Select } from "@mantine/core"
import { useMemo } from "react"
import { api, type Schema } from "@/api/client"
import { absolute, useClock, zoneName } from "@/parts/clock"
import { Empty } from "@/parts/empty"
import { Loaded } from "@/parts/loaded"
import { Panel, Section } from "@/parts/panel"
import { StateWord } from "@/parts/state-mark"
import { type Column, Table } from "@/parts/table"
import { Time } from "@/parts/time"
import { number, text, useUrlState } from "@/shell/url-state"

type Tick = Schema["NextTickView"]

const FIELDS = { zone: text(), next: number(10, 1, 100) }
/** Zones that are offered besides those of the browser, of the schedule, and UTC. */
const ZONES: readonly string[] = Intl.supportedValuesOf("timeZone")

/** The next ticks in the schedule's zone and in another one, and what each would start: a dry run. */
export function NextTicks({ name, zone }: { name: string; zone: string }) {
  const [values, set] = useUrlState(FIELDS)
  const clock = useClock((state) => state.zone)
  const fallback = zoneName(clock) === zone ? "UTC" : zoneName(clock)
  const other = ZONES.includes(values.zone) || values.zone === "UTC" ? values.zone : fallback
  const query = api.useQuery("get", "/api/v1/schedules/upcoming", {
    params: { query: { name, limit: Math.min(200, Math.max(1, values.next)) } },
  })
  const columns = useMemo(() => columnsFor(zone, other), [zone, other])
  const zones = useMemo(() => [...new Set(["UTC", zoneName("local"), ...ZONES])], [])
  return (
    <Section
      title="Next"
      note="a dry run: what each would start, as things stand"
      actions={
        <>
          <Select
            aria-label="The other zone"
            data={zones}
            value={other}
            searchable
            limit={30}
            allowDeselect={false}
            onChange={(value) => set({ zone: value ?? "" })}
            w={190}
          />
          <Select
            aria-label="How many"
            data={["10", "25", "100"]}
            value={String(values.next)}
            allowDeselect={false}
            onChange={(value) => set({ next: Number(value) || 10 })}
            w={76}
          />
        </>
      }
    >
      <Panel>
        <Loaded query={query}>
          {(found) => (
            <Table
              label="Next ticks"
              columns={columns}
              rows={found.items}
              rowKey={(tick) => `${tick.tick} ${tick.due}`}
              empty={
                <Empty title="No tick is to come.">
                  It is due once what it waits for is there, or its schedule has ended.
                </Empty>
              }
            />
          )}
        </Loaded>
      </Panel>
    </Section>
  )
}

function columnsFor(zone: string, other: string): ReadonlyArray<Column<Tick>> {
  const at = (where: string) => (tick: Tick) =>
    `${weekday(tick.at, where)} ${absolute(new Date(tick.at), where, "minute")}`
  return [
    { id: "zone", title: zone, width: "176px", cell: at(zone) },
    ...(other === zone
      ? []
      : [
          {
            id: "other",
            title: other,
            width: "176px",
            cell: (tick: Tick) => <span style={{ color: "var(--dim)" }}>{at(other)(tick)}</span>,
          },
        ]),
    { id: "in", title: "From now", width: "100px", cell: (tick) => <Time at={tick.at} /> },
    {
      id: "what",
      title: "Would",
      width: "140px",
      cell: (tick) =>
        tick.problem ? (
          <StateWord state="failed">not start</StateWord>
        ) : tick.decision === "started" ? (
          <StateWord state={tick.reason.endsWith("it is paused") ? "paused" : "scheduled"}>start</StateWord>
        ) : (
          <StateWord state="skipped">be {tick.decision}</StateWord>
        ),
    },
    {
      id: "partitions",
      title: "Of",
      width: "minmax(150px, 1.4fr)",
      cell: (tick) =>
        tick.partitions === null
          ? "one run"
          : tick.partitions.length > 3
            ? `${tick.partitions[0]} and ${tick.partitions.length - 1} more`
            : tick.partitions.join(", "),
    },
    {
      id: "reason",
      title: "Why",
      width: "minmax(120px, 2fr)",
      cell: (tick) => (
        <span title={tick.problem || tick.reason} style={{ color: "var(--dim)" }}>
          {tick.problem || tick.reason}
        </span>
      ),
    },
  ]
}

function weekday(at: string, zone: string): string {
  return new Intl.DateTimeFormat("en-GB", { timeZone: zone, weekday: "short" }).format(new Date(at))
}
