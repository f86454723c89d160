import type { Schema } from "@/api/client"
import { Panel, Section } from "@/parts/panel"
import { PlanRows } from "@/parts/plan-rows"
import { amount } from "@/parts/plan-words"
import { type Column, Table } from "@/parts/table"

type LeftOut = Schema["LeftOutView"]

/** Of a plan that has drifted what still holds, and why the rest does not. */
export function Holding({ holding }: { holding: Schema["HoldingView"] }) {
  const { outline, left_out: left } = holding
  const count = left.reduce((sum, each) => sum + each.count, 0)
  return (
    <>
      {outline.count > 0 && (
        <Section title="What still holds" note={amount(outline)}>
          <Panel>
            <PlanRows plan={outline} />
          </Panel>
        </Section>
      )}
      {left.length > 0 && (
        <Section
          title="What is left out"
          note={`${count.toLocaleString("en-GB")} ${count === 1 ? "step" : "steps"}`}
        >
          <Panel>
            <Table
              label="What is left out"
              columns={COLUMNS}
              rows={left}
              rowKey={(each) => each.name + each.partitions + each.why}
            />
          </Panel>
        </Section>
      )}
    </>
  )
}

const COLUMNS: readonly Column<LeftOut>[] = [
  { id: "name", title: "Step", width: "minmax(130px, 1fr)", cell: (each) => <strong>{each.name}</strong> },
  { id: "partitions", title: "Partitions", width: "minmax(150px, 1.4fr)", cell: (each) => each.partitions },
  {
    id: "why",
    title: "Why",
    width: "minmax(200px, 3fr)",
    cell: (each) => <span title={each.why}>{each.why}</span>,
  },
]
