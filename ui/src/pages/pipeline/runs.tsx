import { Select, TextInput } from "@mantine/core"
import { useDebouncedValue } from "@mantine/hooks"
import { Link } from "@tanstack/react-router"
import { useEffect, useMemo, useState } from "react"
import { api, type Schema } from "@/api/client"
import { Empty } from "@/parts/empty"
import { Loaded } from "@/parts/loaded"
import { Panel } from "@/parts/panel"
import { StateWord } from "@/parts/state-mark"
import { type Column, Table } from "@/parts/table"
import { Lasted, Time } from "@/parts/time"
import { runPath } from "@/shell/links"
import { oneOf, text, useUrlState } from "@/shell/url-state"
import { runState } from "@/theme/states"
import classes from "./pipeline.module.css"

const OUTCOMES = ["", "succeeded", "failed", "cancelled", "timed_out", "crashed", "live"] as const
const FIELDS = { outcome: oneOf(OUTCOMES, ""), interval: text() }

type Run = Schema["RunView"]

/** The runs of one pipeline, newest first. */
export function Runs({ detail: { pipeline, steps } }: { detail: Schema["PipelineDetail"] }) {
  const [state, setState] = useUrlState(FIELDS)
  const [typed, setTyped] = useState(state.interval)
  const [interval] = useDebouncedValue(typed.trim(), 200)
  useEffect(() => setState({ interval }), [interval, setState])
  // the runs of a job that selects assets are of its selection, not of a pipeline
  const isSelection = pipeline.kind === "job" && steps.length === 0
  const { outcome } = state
  const query = api.useInfiniteQuery(
    "get",
    "/api/v1/runs",
    {
      params: {
        query: {
          limit: 60,
          ...(isSelection ? { q: `job:${pipeline.name}` } : { pipeline: pipeline.name }),
          ...(outcome === "live" ? { live: true } : outcome ? { outcome } : {}),
          ...(state.interval ? { partition: state.interval } : {}),
        },
      },
    },
    { pageParamName: "cursor", initialPageParam: null, getNextPageParam: (page) => page.next ?? undefined },
  )
  const rows = useMemo(() => query.data?.pages.flatMap((page) => page.items) ?? [], [query.data])
  return (
    <>
      <div className={classes.bar}>
        <Select
          aria-label="How they ended"
          placeholder="Any state"
          value={outcome || null}
          clearable
          data={[
            { value: "live", label: "running or waiting" },
            { value: "succeeded", label: "succeeded" },
            { value: "failed", label: "failed" },
            { value: "cancelled", label: "cancelled" },
            { value: "timed_out", label: "timed out" },
            { value: "crashed", label: "crashed" },
          ]}
          onChange={(word) => setState({ outcome: OUTCOMES.find((each) => each === word) ?? "" })}
        />
        {pipeline.partitions !== null && (
          <TextInput
            aria-label="Interval"
            placeholder="Interval, such as 2024-01-05"
            value={typed}
            onChange={(event) => setTyped(event.currentTarget.value)}
          />
        )}
      </div>
      <Panel>
        <Loaded query={query}>
          {() => (
            <Table
              label={`Runs of ${pipeline.name}`}
              columns={COLUMNS}
              rows={rows}
              rowKey={(run) => run.id}
              href={(run) => runPath(run.id)}
              more={
                query.hasNextPage && !query.isFetchingNextPage ? () => void query.fetchNextPage() : undefined
              }
              empty={
                outcome || state.interval ? (
                  <Empty title="No run is like that">Take a filter away.</Empty>
                ) : (
                  <Empty title={`${pipeline.name} has never run`} command={`weft run ${pipeline.name}`} />
                )
              }
            />
          )}
        </Loaded>
      </Panel>
    </>
  )
}

const COLUMNS: ReadonlyArray<Column<Run>> = [
  { id: "state", title: "State", width: "136px", cell: (run) => <StateWord state={runState(run)} /> },
  { id: "id", title: "Run", width: "92px", cell: (run) => <code>{run.id.slice(0, 8)}</code> },
  { id: "partition", title: "Interval", width: "minmax(110px, 1fr)", cell: (run) => run.partition ?? "–" },
  {
    id: "trigger",
    title: "Asked by",
    width: "minmax(120px, 1fr)",
    cell: (run) => (
      <>
        {run.trigger}
        <span className={classes.faint}>
          {run.rerun_of ? (
            <>
              {" of "}
              <Link to={runPath(run.rerun_of)}>{run.rerun_of.slice(0, 8)}</Link>
            </>
          ) : (
            run.by && ` ${run.by}`
          )}
        </span>
      </>
    ),
  },
  {
    id: "params",
    title: "Parameters",
    width: "minmax(120px, 2fr)",
    cell: (run) => {
      const told = Object.entries(run.params ?? {})
        .map(([name, value]) => `${name}=${typeof value === "string" ? value : JSON.stringify(value)}`)
        .join(" ")
      return (
        <span className={classes.dim} title={told}>
          {told}
        </span>
      )
    },
  },
  {
    id: "steps",
    title: "Steps",
    width: "90px",
    align: "right",
    cell: (run) => (run.failed ? `${run.failed} failed` : run.steps || ""),
  },
  {
    id: "began",
    title: "Began",
    width: "120px",
    align: "right",
    cell: (run) => <Time at={run.started_at ?? run.created_at} />,
  },
  {
    id: "took",
    title: "Took",
    width: "92px",
    align: "right",
    cell: (run) => <Lasted from={run.started_at} to={run.finished_at} />,
  },
]
