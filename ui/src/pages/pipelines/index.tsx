import { SegmentedControl, Select, TextInput } from "@mantine/core"
import { useDebouncedValue } from "@mantine/hooks"
import { useRouter } from "@tanstack/react-router"
import { useEffect, useMemo, useRef, useState } from "react"
import type { Schema } from "@/api/client"
import { Empty } from "@/parts/empty"
import { Loaded } from "@/parts/loaded"
import { Panel } from "@/parts/panel"
import { Table } from "@/parts/table"
import { useCommands } from "@/shell/commands"
import { pipelinePath } from "@/shell/links"
import { Page } from "@/shell/page"
import { oneOf, text, useUrlState } from "@/shell/url-state"
import { columnsOf } from "./columns"
import classes from "./pipelines.module.css"
import { usePauses } from "./use-pauses"
import { usePipelines, useSchedules } from "./use-pipelines"

const KINDS = ["", "dag", "flow", "job"] as const
const FIELDS = { q: text(), kind: oneOf(KINDS, ""), tag: text(), owner: text() }

export default function PipelinesPage() {
  const [filters, setFilters] = useUrlState(FIELDS)
  const [typed, setTyped] = useState(filters.q)
  const [q] = useDebouncedValue(typed, 150)
  useEffect(() => setFilters({ q }), [q, setFilters])
  const { query, rows = [] } = usePipelines(filters)
  const schedules = useSchedules()
  const pauses = usePauses()
  const search = useRef<HTMLInputElement>(null)
  const router = useRouter()
  const columns = useMemo(() => columnsOf(schedules, pauses), [schedules, pauses])
  const { tags, owners } = useChoices(rows, filters)
  useCommands(
    useMemo(
      () => [
        {
          id: "pipelines:find",
          title: "Find a pipeline",
          group: "Pipelines",
          keys: "/",
          run: () => search.current?.focus(),
        },
        {
          id: "pipelines:failing",
          title: "Runs of pipelines that failed",
          group: "Pipelines",
          run: () => void router.navigate({ to: "/runs?outcome=failed" }),
        },
      ],
      [router],
    ),
  )
  const isFiltered = Boolean(filters.q || filters.kind || filters.tag || filters.owner)
  return (
    <Page title="Pipelines" sub={<Sub rows={rows} more={query.hasNextPage} />}>
      <div className={classes.filters}>
        <TextInput
          ref={search}
          aria-label="Find a pipeline"
          placeholder="Find by name"
          value={typed}
          onChange={(event) => setTyped(event.currentTarget.value)}
          className={classes.find}
        />
        <SegmentedControl
          aria-label="Kind"
          value={filters.kind}
          onChange={(word) => setFilters({ kind: KINDS.find((each) => each === word) ?? "" })}
          data={[
            { value: "", label: "All" },
            { value: "dag", label: "DAGs" },
            { value: "flow", label: "Flows" },
            { value: "job", label: "Jobs" },
          ]}
        />
        <Select
          aria-label="Tag"
          placeholder="Any tag"
          data={tags}
          value={filters.tag || null}
          onChange={(tag) => setFilters({ tag: tag ?? "" })}
          clearable
          searchable
          className={classes.choice}
        />
        <Select
          aria-label="Owner"
          placeholder="Any owner"
          data={owners}
          value={filters.owner || null}
          onChange={(owner) => setFilters({ owner: owner ?? "" })}
          clearable
          searchable
          className={classes.choice}
        />
      </div>
      <Panel>
        <Loaded query={query}>
          {() => (
            <Table
              label="Pipelines"
              columns={columns}
              rows={rows}
              rowKey={(row) => row.name}
              href={(row) => pipelinePath(row.name)}
              rowHeight={44}
              more={
                query.hasNextPage && !query.isFetchingNextPage ? () => void query.fetchNextPage() : undefined
              }
              empty={
                isFiltered ? (
                  <Empty title="No pipeline is like that">Take a filter away.</Empty>
                ) : (
                  <Empty title="There are no pipelines yet" command="weft init prices">
                    A pipeline is a function with <code>@dag</code> or <code>@flow</code>, or a job that
                    selects assets. It is here as soon as the file is saved.
                  </Empty>
                )
              }
            />
          )}
        </Loaded>
      </Panel>
    </Page>
  )
}

function Sub({ rows, more }: { rows: readonly Schema["PipelineView"][]; more: boolean }) {
  if (rows.length === 0) return null
  const last = rows.filter((row) =>
    ["failed", "crashed", "timed_out"].includes(row.runs[0]?.outcome ?? ""),
  ).length
  const running = rows.filter((row) => row.runs.some((run) => run.outcome === null)).length
  return (
    <>
      {rows.length.toLocaleString("en-GB")}
      {more && " and more"}
      {running > 0 && `, ${running} running or waiting`}
      {last > 0 && (
        <>
          , <span className={classes.failed}>the last run of {last} failed</span>
        </>
      )}
    </>
  )
}

/** The tags and owners there are, also after one was chosen. */
function useChoices(rows: readonly Schema["PipelineView"][], filters: { tag: string; owner: string }) {
  const known = useRef({ tags: new Set<string>(), owners: new Set<string>() })
  return useMemo(() => {
    for (const row of rows) {
      for (const tag of row.tags) known.current.tags.add(tag)
      for (const owner of row.owners) known.current.owners.add(owner)
    }
    if (filters.tag) known.current.tags.add(filters.tag)
    if (filters.owner) known.current.owners.add(filters.owner)
    return { tags: [...known.current.tags].toSorted(), owners: [...known.current.owners].toSorted() }
  }, [rows, filters.tag, filters.owner])
}
