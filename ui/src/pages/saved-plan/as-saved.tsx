import type { Schema } from "@/api/client"
import { Panel } from "@/parts/panel"
import { StateMark } from "@/parts/state-mark"
import { type Column, Table } from "@/parts/table"

type Step = Schema["StepView"]

/** The lines of a plan as they were when it was saved. */
export function AsSaved({ view }: { view: Schema["PlanView"] }) {
  return (
    <Panel>
      <Table
        label="Lines when it was saved"
        columns={COLUMNS}
        rows={view.steps}
        rowKey={(row) => `${row.asset ?? row.step} ${row.status} ${row.run_if} ${row.partitions?.[0] ?? ""}`}
      />
    </Panel>
  )
}

const COLUMNS: readonly Column<Step>[] = [
  {
    id: "name",
    title: "Step",
    width: "minmax(150px, 1fr)",
    cell: (row) => (
      <>
        <StateMark state={row.status} /> <strong>{row.asset || row.step}</strong>
      </>
    ),
  },
  { id: "partitions", title: "Partitions", width: "minmax(160px, 2fr)", cell: inFewWords },
  {
    id: "why",
    title: "Why",
    width: "minmax(120px, 1.6fr)",
    cell: (row) => row.causes[0]?.detail || row.status,
  },
]

function inFewWords(row: Step): string {
  const keys = row.partitions
  if (keys === null || keys.length === 0) return ""
  const count = keys.length + (row.left_out ?? 0)
  const first = keys[0] ?? ""
  return count === 1 ? first : `${first}..${keys.at(-1)} (${count.toLocaleString("en-GB")})`
}
