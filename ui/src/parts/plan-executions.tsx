import { api } from "@/api/client"
import { paging, useRows } from "@/api/pages"
import { executionPath } from "@/shell/links"
import { Empty } from "./empty"
import { Loaded } from "./loaded"
import { Panel } from "./panel"
import { inWords, PlanBar } from "./plan-bar"
import { countsOf, type Execution, executionState } from "./plan-execution"
import { about, said } from "./plan-words"
import { StateWord } from "./state-mark"
import { type Column, Table } from "./table"
import { Time } from "./time"

/** All executions, newest first, each with how far it is. */
export function Executions() {
  const query = api.useInfiniteQuery(
    "get",
    "/api/v1/executions",
    { params: { query: { limit: 100 } } },
    paging,
  )
  const { rows, more } = useRows(query)
  return (
    <Panel>
      <Loaded query={{ ...query, data: query.data ? rows : undefined }}>
        {(found) => (
          <Table
            label="Executions"
            columns={COLUMNS}
            rows={found}
            rowKey={(each) => each.id}
            href={(each) => executionPath(each.id)}
            more={more}
            empty={
              <Empty title="Nothing was applied yet." command="weft apply --detach">
                Plan something and apply it: it is carried out here, and survives whatever process dies.
              </Empty>
            }
          />
        )}
      </Loaded>
    </Panel>
  )
}

const COLUMNS: readonly Column<Execution>[] = [
  {
    id: "state",
    title: "State",
    width: "104px",
    cell: (each) => <StateWord state={executionState(each)} />,
  },
  {
    id: "request",
    title: "What",
    width: "minmax(200px, 4fr)",
    cell: (each) => (
      <span title={each.request}>
        <strong>{said(each.request)}</strong>
        {each.kind !== "apply" && <span style={{ color: "var(--faint)" }}> {each.kind}</span>}
      </span>
    ),
  },
  {
    id: "bar",
    title: "Progress",
    width: "minmax(80px, 1fr)",
    cell: (each) => <PlanBar counts={countsOf(each)} label={`How far ${each.request} is`} />,
  },
  {
    id: "done",
    title: "Done",
    width: "104px",
    align: "right",
    cell: (each) => (
      <span title={inWords(countsOf(each))}>
        {(each.succeeded + each.passed).toLocaleString("en-GB")} of {each.total.toLocaleString("en-GB")}
      </span>
    ),
  },
  {
    id: "left",
    title: "Left",
    width: "88px",
    align: "right",
    cell: (each) =>
      each.failed ? (
        <span style={{ color: "var(--failed-ink)" }}>{each.failed.toLocaleString("en-GB")} failed</span>
      ) : each.seconds_left !== null ? (
        about(each.seconds_left)
      ) : (
        ""
      ),
  },
  { id: "slots", title: "Slots", width: "56px", align: "right", wide: true, cell: (each) => slots(each) },
  { id: "by", title: "By", width: "84px", cell: (each) => each.automation ?? each.by, wide: true },
  {
    id: "created",
    title: "Created",
    width: "84px",
    align: "right",
    cell: (each) => <Time at={each.created} />,
  },
]

/** How many run at once, of how many may. */
function slots(each: Execution): string {
  if (each.phase === "finished") return each.concurrency === null ? "" : String(each.concurrency)
  return each.concurrency === null ? String(each.running) : `${each.running} of ${each.concurrency}`
}
