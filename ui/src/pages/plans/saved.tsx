import { Link } from "@tanstack/react-router"
import { api, type Schema } from "@/api/client"
import { paging, useRows } from "@/api/pages"
import { Empty } from "@/parts/empty"
import { Loaded } from "@/parts/loaded"
import { Panel } from "@/parts/panel"
import { plural, said } from "@/parts/plan-words"
import { StateWord } from "@/parts/state-mark"
import { type Column, Table } from "@/parts/table"
import { Time } from "@/parts/time"
import { executionPath, savedPlanPath } from "@/shell/links"

type Saved = Schema["SavedPlanView"]

/** The plans that were kept by hand or applied from this page, newest first. */
export function SavedPlans() {
  const query = api.useInfiniteQuery("get", "/api/v1/plans", { params: { query: { limit: 100 } } }, paging)
  const { rows, more } = useRows(query)
  // what was applied is among the executions; what waits to be is what one looks for here
  const waiting = rows.filter((each) => each.execution === null)
  return (
    <Panel>
      <Loaded query={{ ...query, data: query.data ? waiting : undefined }}>
        {(found) => (
          <Table
            label="Saved plans"
            columns={COLUMNS}
            rows={found}
            rowKey={(each) => each.id}
            href={(each) => savedPlanPath(each.id)}
            more={more}
            empty={
              <Empty title="No saved plan waits to be applied." command="weft plan --save">
                One person can save a plan, and another one apply it later, exactly as it was.
              </Empty>
            }
          />
        )}
      </Loaded>
    </Panel>
  )
}

const COLUMNS: readonly Column<Saved>[] = [
  {
    id: "request",
    title: "Plan of",
    width: "minmax(180px, 3fr)",
    cell: (each) => <strong>{said(each.request)}</strong>,
  },
  { id: "id", title: "Id", width: "90px", cell: (each) => <code>{each.id.slice(0, 8)}</code>, wide: true },
  {
    id: "state",
    title: "Stands",
    width: "minmax(150px, 1.6fr)",
    cell: (each) => <Stands plan={each} />,
  },
  { id: "steps", title: "Runs", width: "100px", align: "right", cell: (each) => plural(each.steps, "step") },
  { id: "by", title: "By", width: "110px", cell: (each) => each.by, wide: true },
  {
    id: "created",
    title: "Saved",
    width: "110px",
    align: "right",
    cell: (each) => <Time at={each.created} />,
  },
]

/** Whether a plan still holds; that is asked for each one that is in view. */
function Stands({ plan }: { plan: Saved }) {
  const query = api.useQuery(
    "get",
    "/api/v1/plans/{id}",
    { params: { path: { id: plan.id } } },
    { enabled: plan.execution === null },
  )
  if (plan.execution !== null) return <Link to={executionPath(plan.execution)}>applied</Link>
  if (query.data === undefined) return null
  const moved = query.data.drifted.length
  return moved ? (
    <StateWord state="stale">{`drifted: ${query.data.drifted[0]}`}</StateWord>
  ) : (
    <StateWord state="fresh">still holds</StateWord>
  )
}
