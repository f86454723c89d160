import { useMemo } from "react"
import { api, type Schema } from "@/api/client"
import { paging, useRows } from "@/api/pages"
import { Loaded } from "@/parts/loaded"
import { Panel, Section } from "@/parts/panel"
import { StateWord } from "@/parts/state-mark"
import { type Column, Table } from "@/parts/table"
import { Lasted, Time } from "@/parts/time"
import { runPath } from "@/shell/links"
import { runState } from "@/theme/states"

type Run = Schema["RunView"]

/** The runs that an execution made so far, newest first. */
export function ExecutionRuns({ execution }: { execution: string }) {
  const query = api.useInfiniteQuery(
    "get",
    "/api/v1/runs",
    { params: { query: { execution, limit: 100 } } },
    paging,
  )
  const { rows, more } = useRows(query)
  const columns = useMemo<readonly Column<Run>[]>(
    () => [
      {
        id: "state",
        title: "State",
        width: "130px",
        cell: (run) => <StateWord state={runState(run)} />,
      },
      {
        id: "run",
        title: "Run",
        width: "minmax(220px, 2fr)",
        cell: (run) => [run.pipeline ?? run.selection, run.partition].filter(Boolean).join(" "),
      },
      { id: "reason", title: "Why", width: "minmax(100px, 1.4fr)", cell: (run) => run.reason, wide: true },
      { id: "id", title: "Id", width: "90px", cell: (run) => <code>{run.id.slice(0, 8)}</code> },
      {
        id: "created",
        title: "Created",
        width: "110px",
        align: "right",
        cell: (run) => <Time at={run.created_at} />,
      },
      {
        id: "took",
        title: "Took",
        width: "90px",
        align: "right",
        cell: (run) => <Lasted from={run.started_at} to={run.finished_at} />,
      },
    ],
    [],
  )
  return (
    <Section title="Runs">
      <Panel>
        <Loaded query={{ ...query, data: query.data ? rows : undefined }}>
          {(found) => (
            <Table
              label="Runs"
              columns={columns}
              rows={found}
              rowKey={(run) => run.id}
              href={(run) => runPath(run.id)}
              more={more}
              empty={<p style={{ padding: "12px 16px", color: "var(--dim)" }}>No run has begun.</p>}
            />
          )}
        </Loaded>
      </Panel>
    </Section>
  )
}
