import { Button, Checkbox, Tooltip } from "@mantine/core"
import { useCallback, useMemo, useState } from "react"
import { api, type Schema } from "@/api/client"
import { paging, useRows } from "@/api/pages"
import { Legend } from "@/pages/asset/legend"
import { absolute, useClock } from "@/parts/clock"
import { Empty, Skeleton } from "@/parts/empty"
import { several } from "@/parts/launch/partition-field"
import { openLaunch } from "@/parts/launch/state"
import { Loaded } from "@/parts/loaded"
import { Panel, Section } from "@/parts/panel"
import { type KeysQuery, type Owner, useKeysOf, useStripOf } from "@/parts/partition-owner"
import { PartitionSelection, sizeOf } from "@/parts/partition-selection"
import { PartitionStrip } from "@/parts/partition-strip"
import { includes, toggled, written } from "@/parts/partition-strip-ranges"
import { executionSays, executionState } from "@/parts/plan-execution"
import { StateWord } from "@/parts/state-mark"
import { type Column, Table } from "@/parts/table"
import { inFull, Time } from "@/parts/time"
import { type Picked, usePicked } from "@/parts/use-picked"
import { useCommands } from "@/shell/commands"
import { useMay } from "@/shell/door"
import { executionPath } from "@/shell/links"
import { list, number, text, useUrlState } from "@/shell/url-state"
import classes from "./pipeline.module.css"

const FIELDS = {
  status: list(),
  /** What is selected, as text. */
  partitions: text(),
  /** The part of the strip that is shown, as ordinals. */
  from: number(-1),
  to: number(-1),
}
const PAGE = 200
const MOST = 1000

type Key = Schema["KeyView"]
type Word = NonNullable<KeysQuery["status"]>[number]

/** The intervals of a pipeline: how each stands, and backfilling those that are selected. */
export function Intervals({ pipeline }: { pipeline: Schema["PipelineView"] }) {
  const { name } = pipeline
  const owner = useMemo<Owner>(() => ({ kind: "pipeline", name }), [name])
  const [shown, set] = useUrlState(FIELDS)
  const { status } = shown
  const strip = useStripOf(owner, {})
  const setText = useCallback((partitions: string) => set({ partitions }), [set])
  const picked = usePicked(owner, strip.data?.fingerprint, shown.partitions, setText)
  const [length, setLength] = useState(PAGE)
  // without a status the newest stand first, which are at the end of the ordinals
  const start = status.length > 0 ? 0 : Math.max(0, (strip.data?.stop ?? 0) - length)
  const keys = useKeysOf(
    owner,
    { start, limit: Math.min(MOST, length), status: [...status] as Word[] },
    { enabled: strip.data !== undefined },
  )
  const rows = useMemo(() => keys.data?.items.toReversed() ?? [], [keys.data])
  const columns = columnsOf(picked)
  const pressed = (word: string) =>
    set({ status: status.includes(word) ? status.filter((each) => each !== word) : [...status, word] })
  return (
    <>
      <Panel>
        <div className={classes.stripBox}>
          <Loaded query={strip} skeleton={<Skeleton rows={3} />}>
            {(view) =>
              view.total === 0 ? (
                <Empty title="No interval has begun yet" />
              ) : (
                <>
                  <PartitionStrip
                    owner={owner}
                    strip={view}
                    selection={picked.ranges}
                    onSelect={(ranges) => picked.draw(written(ranges), ranges)}
                    lit={status}
                    window={shown.from >= 0 ? { start: shown.from, stop: shown.to } : null}
                    onWindow={(window) => set({ from: window?.start ?? -1, to: window?.stop ?? -1 })}
                  />
                  <div className={classes.below}>
                    <Legend counts={view.counts} pressed={status} onPress={pressed} />
                    <span className={classes.faint}>drag selects · Shift adds · Ctrl and wheel zooms</span>
                  </div>
                </>
              )
            }
          </Loaded>
        </div>
      </Panel>
      <Selection name={name} picked={picked} status={status} strip={strip.data} />
      <Panel>
        <Loaded query={keys}>
          {() => (
            <Table
              label={`Intervals of ${name}`}
              columns={columns}
              rows={rows}
              rowKey={(key) => key.key}
              more={
                length < MOST && (status.length > 0 ? keys.data?.next !== null : start > 0)
                  ? () => setLength((before) => before + PAGE)
                  : undefined
              }
              empty={
                <Empty
                  title={
                    status.length > 0 ? `No interval is ${status.join(" or ")}` : "No interval has begun yet"
                  }
                />
              }
            />
          )}
        </Loaded>
      </Panel>
      <Backfills name={name} />
    </>
  )
}

function columnsOf({ ranges, draw }: Picked): ReadonlyArray<Column<Key>> {
  return [
    {
      id: "pick",
      title: "",
      width: "24px",
      cell: ({ key, ordinal }) => (
        <Checkbox
          aria-label={`Select ${key}`}
          checked={includes(ranges, ordinal)}
          onChange={() => {
            const after = toggled(ranges, [ordinal, ordinal + 1])
            draw(written(after), after)
          }}
        />
      ),
    },
    { id: "key", title: "Interval", width: "minmax(140px, 1fr)", cell: (key) => key.key },
    {
      id: "status",
      title: "Stands",
      width: "150px",
      cell: (key) =>
        key.status ? <StateWord state={key.status} /> : <StateWord state="never">never run</StateWord>,
    },
    { id: "from", title: "From", width: "160px", cell: (key) => <Edge at={key.starts_at} /> },
    { id: "to", title: "To", width: "160px", cell: (key) => <Edge at={key.ends_at} /> },
  ]
}

interface SelectionProps {
  readonly name: string
  readonly picked: Picked
  readonly status: readonly string[]
  readonly strip: Schema["StripView"] | undefined
}

/** What is selected, and the backfill of exactly that. */
function Selection({ name, picked, status, strip }: SelectionProps) {
  const may = useMay("operator")
  const selected = picked.text !== ""
  const size = sizeOf(picked)
  const all = strip?.first_key && strip.last_key ? `${strip.first_key}..${strip.last_key}` : ""
  const launch = useCallback(
    () => openLaunch({ kind: "pipeline", name, partitions: several(picked.text || all) }),
    [name, picked.text, all],
  )
  useCommands(
    useMemo(
      () =>
        may && all
          ? [
              {
                id: "pipeline:backfill",
                title: selected ? `Backfill what is selected (${size})` : `Backfill ${name}`,
                group: "This pipeline",
                keys: "b",
                run: launch,
              },
            ]
          : [],
      [may, all, selected, size, name, launch],
    ),
  )
  return (
    <PartitionSelection
      picked={picked}
      word="interval"
      status={status}
      example={all || "a range"}
      hint="Select intervals to backfill exactly these."
    >
      <Tooltip label={may ? "b" : "Only operators may start runs."}>
        <Button
          variant={selected ? "filled" : "default"}
          disabled={!may || all === "" || picked.problem !== null}
          onClick={launch}
        >
          {selected ? `Backfill ${size.toLocaleString("en-GB")}` : "Backfill"}
        </Button>
      </Tooltip>
    </PartitionSelection>
  )
}

/** Where an interval begins or ends: always the time itself, since how long ago that was says nothing of it. */
function Edge({ at }: { at: string | null | undefined }) {
  const { zone } = useClock()
  if (!at) return "–"
  const date = new Date(at)
  return (
    <time dateTime={at} title={inFull(date, zone)}>
      {absolute(date, zone, "minute")}
    </time>
  )
}

type Execution = Schema["ExecutionView"]

function Backfills({ name }: { name: string }) {
  const query = api.useInfiniteQuery(
    "get",
    "/api/v1/executions",
    { params: { query: { limit: 100, pipeline: name } } },
    paging,
  )
  const { rows, more } = useRows(query)
  if (rows.length === 0) return null
  return (
    <Section title="Backfills" note="and applied plans that ran it">
      <Panel>
        <Table
          label={`Backfills of ${name}`}
          columns={BACKFILLS}
          rows={rows}
          rowKey={(each) => each.id}
          href={(each) => executionPath(each.id)}
          more={more}
        />
      </Panel>
    </Section>
  )
}

const BACKFILLS: ReadonlyArray<Column<Execution>> = [
  { id: "state", title: "State", width: "140px", cell: (each) => <StateWord state={executionState(each)} /> },
  { id: "what", title: "What", width: "minmax(180px, 2fr)", cell: (each) => each.request },
  { id: "says", title: "", width: "minmax(180px, 2fr)", cell: (each) => executionSays(each) },
  { id: "by", title: "By", width: "110px", cell: (each) => each.by },
  {
    id: "created",
    title: "Asked",
    width: "120px",
    align: "right",
    cell: (each) => <Time at={each.created} />,
  },
]
