import { useInfiniteQuery } from "@tanstack/react-query"
import { Link } from "@tanstack/react-router"
import { useMemo } from "react"
import { http, type Schema } from "@/api/client"
import { asProblem } from "@/api/problem"
import { Empty, Refusal, Skeleton } from "@/parts/empty"
import { Panel } from "@/parts/panel"
import { StateWord } from "@/parts/state-mark"
import { type Column, Table } from "@/parts/table"
import { Time } from "@/parts/time"
import { runPath } from "@/shell/links"
import classes from "./asset.module.css"
import type { Asset } from "./state"

interface KeysProps {
  readonly asset: Asset
  readonly partitions: string
  readonly status: readonly string[]
  readonly selected: string
  readonly onOpen: (key: string) => void
}

type Key = Schema["KeyView"]
type Word = NonNullable<
  NonNullable<
    import("@/api/schema").paths["/api/v1/assets/{key}/partition-keys"]["get"]["parameters"]["query"]
  >["status"]
>

/** Partitions one by one, in order: those that are selected, or all; a page at a time as one scrolls. */
export function Keys({ asset, partitions, status, selected, onOpen }: KeysProps) {
  const query = {
    limit: 200,
    ...(partitions ? { partitions } : {}),
    ...(status.length ? { status: status as Word } : {}),
  }
  const pages = useInfiniteQuery({
    // as the queries of the API are named, so that changes of this asset make it ask again
    queryKey: [
      "get",
      "/api/v1/assets/{key}/partition-keys",
      { params: { path: { key: asset.key }, query } },
      "pages",
    ],
    initialPageParam: 0,
    queryFn: async ({ pageParam, signal }) => {
      const { data } = await http.GET("/api/v1/assets/{key}/partition-keys", {
        params: { path: { key: asset.key }, query: { ...query, start: pageParam } },
        signal,
      })
      if (!data) throw new Error("The server sent no partitions.")
      return data
    },
    getNextPageParam: (page) => page.next ?? undefined,
    retry: false,
  })
  const rows = useMemo(() => pages.data?.pages.flatMap((each) => each.items) ?? [], [pages.data])
  const columns = useMemo<ReadonlyArray<Column<Key>>>(
    () => [
      { id: "state", title: "Status", width: "110px", cell: (row) => <StateWord state={row.status} /> },
      { id: "key", title: "Partition", width: "minmax(150px, 1fr)", cell: (row) => row.key },
      {
        id: "why",
        title: "Last error",
        width: "minmax(120px, 2.4fr)",
        cell: (row) =>
          row.error ? <span title={row.error}>{row.error}</span> : <span className={classes.faint}>–</span>,
      },
      {
        id: "version",
        title: "Version",
        width: "80px",
        cell: (row) => (row.version ? <code>{row.version}</code> : <span className={classes.faint}>–</span>),
      },
      {
        id: "run",
        title: "Last run",
        width: "90px",
        cell: (row) =>
          row.run ? (
            <Link
              to={runPath(
                row.run,
                row.failed_at
                  ? { tab: "logs", partition: row.key, ...(asset.step ? { step: asset.step } : {}) }
                  : {},
              )}
            >
              <code>{row.run.slice(0, 8)}</code>
            </Link>
          ) : (
            <span className={classes.faint}>–</span>
          ),
      },
      {
        id: "at",
        title: "When",
        width: "120px",
        align: "right",
        cell: (row) => <Time at={row.failed_at ?? row.made_at} />,
      },
    ],
    [asset.step],
  )
  if (pages.error && rows.length === 0) return <Refusal problem={asProblem(pages.error)} />
  if (pages.isPending)
    return (
      <Panel>
        <Skeleton rows={8} height={33} />
      </Panel>
    )
  return (
    <Panel>
      <Table
        label={`Partitions of ${asset.key}`}
        columns={columns}
        rows={rows}
        rowKey={(row) => row.key}
        selected={selected}
        onOpen={(row) => onOpen(row.key)}
        more={pages.hasNextPage && !pages.isFetchingNextPage ? () => void pages.fetchNextPage() : undefined}
        empty={
          <Empty
            title={status.length ? `No partition here is ${status.join(" or ")}` : "No partition exists yet"}
          >
            {status.length
              ? "Choose another status above, or none."
              : "A time partition exists once its window has ended, a dynamic one once its key was added."}
          </Empty>
        }
      />
    </Panel>
  )
}
