import { Button, MultiSelect, SegmentedControl } from "@mantine/core"
import { useInfiniteQuery } from "@tanstack/react-query"
import { Link, useNavigate } from "@tanstack/react-router"
import { lazy, Suspense, useMemo, useState } from "react"
import { http, type Schema } from "@/api/client"
import { asProblem } from "@/api/problem"
import { Empty, Refusal, Skeleton } from "@/parts/empty"
import { Panel, Section } from "@/parts/panel"
import { namesOf, seriesOf } from "@/parts/series-plot-data"
import { StateWord } from "@/parts/state-mark"
import { type Column, Table } from "@/parts/table"
import { Time } from "@/parts/time"
import { assetPath, runPath } from "@/shell/links"
import { list, oneOf, useUrlState } from "@/shell/url-state"
import classes from "./asset.module.css"
import { Chains } from "./chain"
import type { Asset } from "./state"

const SeriesPlot = lazy(() => import("@/parts/series-plot"))

const HISTORY = { over: oneOf(["time", "partition"], "partition"), numbers: list() }
type Point = Schema["PointView"]

/** So many plots are shown unless some are chosen. */
const FIRST = 2

/** What was made when, with the numbers that it says of itself plotted over time or over partitions. */
export default function History({ asset }: { asset: Asset }) {
  const [shown, set] = useUrlState(HISTORY)
  const navigate = useNavigate()
  const [typed, setTyped] = useState("")
  const pages = useInfiniteQuery({
    queryKey: ["get", "/api/v1/assets/{key}/history", { params: { path: { key: asset.key } } }, "pages"],
    initialPageParam: "",
    queryFn: async ({ pageParam, signal }) => {
      const { data } = await http.GET("/api/v1/assets/{key}/history", {
        params: {
          path: { key: asset.key },
          query: { limit: 1000, ...(pageParam ? { cursor: pageParam } : {}) },
        },
        signal,
      })
      if (!data) throw new Error("The server sent no history.")
      return data
    },
    getNextPageParam: (page) => page.next ?? undefined,
  })
  const points = useMemo(() => pages.data?.pages.flatMap((each) => each.items) ?? [], [pages.data])
  const names = useMemo(() => namesOf(points), [points])
  const chosen = shown.numbers.length > 0 ? shown.numbers : names.slice(0, FIRST)
  const by = asset.partitions === null ? "time" : shown.over
  const series = useMemo(() => chosen.map((name) => seriesOf(points, name, by)), [points, chosen, by])
  const more = pages.hasNextPage
  const failed = asset.causes.filter((each) => each.kind === "failed" || each.kind === "check_failed")
  if (pages.isPending) return <Skeleton rows={8} />
  if (pages.error && points.length === 0)
    return <Refusal problem={asProblem(pages.error)} retry={() => void pages.refetch()} />
  if (points.length === 0)
    return (
      <Panel>
        <Empty title="It was never made" command={`weft apply ${asset.key}`}>
          Each version is told here, with the numbers that its code adds by <code>context.add_metadata</code>.
        </Empty>
      </Panel>
    )
  const said = more
    ? `the latest ${points.length.toLocaleString("en-GB")} versions`
    : `all ${points.length.toLocaleString("en-GB")} versions`
  return (
    <>
      <Section
        title="Numbers"
        note={said}
        actions={
          <>
            {more && (
              <Button
                size="compact-xs"
                variant="subtle"
                loading={pages.isFetchingNextPage}
                onClick={() => void pages.fetchNextPage()}
              >
                Read 1,000 older ones
              </Button>
            )}
            {names.length > FIRST && (
              <MultiSelect
                aria-label="Numbers that are plotted"
                data={[...names]}
                value={[...chosen]}
                onChange={(numbers) => set({ numbers })}
                searchable
                searchValue={typed}
                onSearchChange={setTyped}
                w={320}
              />
            )}
            {asset.partitions !== null && (
              <SegmentedControl
                aria-label="What the numbers are plotted over"
                value={by}
                onChange={(over) => set({ over: over as "time" | "partition" })}
                data={[
                  { value: "time", label: "By time made" },
                  { value: "partition", label: "By partition" },
                ]}
              />
            )}
          </>
        }
      >
        <Panel>
          {names.length === 0 ? (
            <Empty title="No numbers yet">
              <code>context.add_metadata({'{"rows": 42}'})</code> in its function adds one to each version,
              and it is plotted here.
            </Empty>
          ) : (
            <Suspense fallback={<Skeleton rows={4} />}>
              {series.map((each) => (
                <SeriesPlot
                  key={each.name}
                  label={each.name}
                  x={each.x}
                  y={each.y}
                  {...(each.names ? { names: each.names } : {})}
                  onOpen={(place) => {
                    const point = each.points[place]
                    if (point?.partition)
                      void navigate({
                        to: assetPath(asset.key, { tab: "partitions", partition: point.partition }),
                      })
                  }}
                />
              ))}
            </Suspense>
          )}
        </Panel>
      </Section>
      {failed.length > 0 && (
        <Section title="Failed since" note="partitions whose last attempt failed, by error">
          <Panel>
            <Chains asset={asset} causes={failed} />
          </Panel>
        </Section>
      )}
      <Section title="Versions as they were made">
        <Listed
          asset={asset}
          points={points}
          names={chosen}
          more={more && !pages.isFetchingNextPage ? () => void pages.fetchNextPage() : undefined}
        />
      </Section>
    </>
  )
}

interface ListedProps {
  readonly asset: Asset
  readonly points: readonly Point[]
  readonly names: readonly string[]
  readonly more: (() => void) | undefined
}

function Listed({ asset, points, names, more }: ListedProps) {
  const columns = useMemo<ReadonlyArray<Column<Point>>>(
    () => [
      { id: "at", title: "When", width: "130px", cell: (row) => <Time at={row.at} /> },
      {
        id: "state",
        title: "State",
        width: "110px",
        cell: (row) => (
          <StateWord state={row.current ? "fresh" : row.state === "rejected" ? "rejected" : "skipped"}>
            {row.current ? "current" : row.state || "earlier"}
          </StateWord>
        ),
      },
      { id: "version", title: "Version", width: "80px", cell: (row) => <code>{row.version}</code> },
      {
        id: "partition",
        title: "Partition",
        width: "minmax(140px, 1fr)",
        cell: (row) =>
          row.partition ? (
            <Link to={assetPath(asset.key, { tab: "partitions", partition: row.partition })}>
              {row.partition}
            </Link>
          ) : (
            <span className={classes.faint}>whole</span>
          ),
      },
      {
        id: "run",
        title: "Run",
        width: "90px",
        cell: (row) =>
          row.run ? (
            <Link to={runPath(row.run)}>
              <code>{row.run.slice(0, 8)}</code>
            </Link>
          ) : (
            <span className={classes.faint}>reported</span>
          ),
      },
      ...names.slice(0, 4).map(
        (name): Column<Point> => ({
          id: `number ${name}`,
          title: name,
          width: "110px",
          align: "right",
          cell: (row) => row.numbers[name]?.toLocaleString("en-GB", { maximumFractionDigits: 6 }) ?? "–",
        }),
      ),
    ],
    [asset.key, names],
  )
  return (
    <Panel>
      <Table
        label={`Versions of ${asset.key}`}
        columns={columns}
        rows={points}
        rowKey={(row) => row.version}
        more={more}
      />
    </Panel>
  )
}
