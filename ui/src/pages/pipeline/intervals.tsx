import { Button, Checkbox, SegmentedControl, Tooltip } from "@mantine/core"
import { useMemo, useState } from "react"
import { api, type Schema } from "@/api/client"
import { absolute, useClock } from "@/parts/clock"
import { Empty } from "@/parts/empty"
import { inWords } from "@/parts/launch/partition-field"
import { openLaunch } from "@/parts/launch/state"
import { Loaded } from "@/parts/loaded"
import { Panel, Section } from "@/parts/panel"
import { MiniStrip } from "@/parts/partition-strip-mini"
import { stretchesOf } from "@/parts/partition-strip-window"
import { executionSays, executionState } from "@/parts/plan-execution"
import { StateWord } from "@/parts/state-mark"
import { type Column, Table } from "@/parts/table"
import { inFull, Time } from "@/parts/time"
import { useMay } from "@/shell/door"
import { executionPath } from "@/shell/links"
import { oneOf, useUrlState } from "@/shell/url-state"
import classes from "./pipeline.module.css"

const WORDS = ["", "failed", "missing", "stale", "fresh", "running"] as const
const FIELDS = { status: oneOf(WORDS, "") }
const PAGE = 200

type Key = Schema["KeyView"]

/** The intervals of a pipeline: how each stands, and backfilling those that are chosen. */
export function Intervals({ pipeline }: { pipeline: Schema["PipelineView"] }) {
  const { name } = pipeline
  const [{ status }, setState] = useUrlState(FIELDS)
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set())
  const may = useMay("operator")
  const strip = api.useQuery("get", "/api/v1/pipelines/{name}/partitions", { params: { path: { name } } })
  const [shown, setShown] = useState(PAGE)
  // without a status the newest stand first, which are at the end of the ordinals
  const start = status ? 0 : Math.max(0, (strip.data?.stop ?? 0) - shown)
  const keys = api.useQuery(
    "get",
    "/api/v1/pipelines/{name}/partition-keys",
    {
      params: {
        path: { name },
        query: { start, limit: Math.min(1000, shown), ...(status ? { status: [status] } : {}) },
      },
    },
    { enabled: strip.data !== undefined },
  )
  const rows = useMemo(() => keys.data?.items.toReversed() ?? [], [keys.data])
  const columns = useMemo<ReadonlyArray<Column<Key>>>(
    () => [
      {
        id: "pick",
        title: "",
        width: "24px",
        cell: (key) => (
          <Checkbox
            aria-label={`Choose ${key.key}`}
            checked={chosen.has(key.key)}
            onChange={() =>
              setChosen((before) => {
                const after = new Set(before)
                if (!after.delete(key.key)) after.add(key.key)
                return after
              })
            }
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
    ],
    [chosen],
  )
  const picked = [...chosen]
  const backfill = (partitions: string) => openLaunch({ kind: "pipeline", name, partitions })
  return (
    <>
      <div className={classes.bar}>
        <SegmentedControl
          aria-label="How they stand"
          value={status}
          onChange={(word) => setState({ status: WORDS.find((each) => each === word) ?? "" })}
          data={WORDS.map((word) => ({
            value: word,
            label: word ? `${word} ${(strip.data?.counts[word] ?? 0).toLocaleString("en-GB")}` : "all",
          }))}
        />
        <span className={classes.grow} />
        {picked.length > 0 && (
          <Button variant="subtle" color="gray" onClick={() => setChosen(new Set())}>
            Choose none
          </Button>
        )}
        <Tooltip label="Only operators may start runs." disabled={may}>
          <Button
            disabled={!may}
            variant={picked.length ? "filled" : "default"}
            onClick={() =>
              backfill(
                picked.length
                  ? picked.join(",") + (picked.length === 1 ? "," : "")
                  : `${strip.data?.first_key ?? ""}..${strip.data?.last_key ?? ""}`,
              )
            }
          >
            {picked.length ? `Run ${picked.length} chosen` : "Backfill"}
          </Button>
        </Tooltip>
      </div>
      <Panel>
        {strip.data && strip.data.total > 0 && (
          <div className={classes.strip}>
            <MiniStrip
              stretches={stretchesOf(strip.data)}
              start={strip.data.start}
              stop={strip.data.stop}
              height={22}
              columns={400}
              label={inWords(strip.data)}
            />
            <span>{inWords(strip.data)}</span>
          </div>
        )}
        <Loaded query={keys}>
          {() => (
            <Table
              label={`Intervals of ${name}`}
              columns={columns}
              rows={rows}
              rowKey={(key) => key.key}
              more={
                shown < 1000 && (status ? keys.data?.next !== null : start > 0)
                  ? () => setShown((before) => before + PAGE)
                  : undefined
              }
              empty={<Empty title={status ? `No interval is ${status}` : "No interval has begun yet"} />}
            />
          )}
        </Loaded>
      </Panel>
      <Backfills name={name} />
    </>
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
  const query = api.useQuery("get", "/api/v1/executions", { params: { query: { limit: 200 } } })
  const rows = useMemo(
    () => query.data?.items.filter((each) => each.kind === "backfill" && mentions(each, name)) ?? [],
    [query.data, name],
  )
  if (rows.length === 0) return null
  return (
    <Section title="Backfills" note="among the last 200 executions">
      <Panel>
        <Table
          label={`Backfills of ${name}`}
          columns={BACKFILLS}
          rows={rows}
          rowKey={(each) => each.id}
          href={(each) => executionPath(each.id)}
        />
      </Panel>
    </Section>
  )
}

function mentions(execution: Execution, name: string): boolean {
  return execution.request.split(/[\s,[\]:]+/).includes(name)
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
