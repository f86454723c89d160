import type { Schema } from "@/api/client"
import { Empty } from "@/parts/empty"
import { worstOf } from "@/parts/gantt/model"
import { Panel, Section } from "@/parts/panel"
import { StateMark } from "@/parts/state-mark"
import { type Column, Table } from "@/parts/table"
import { assetPath } from "@/shell/links"
import { stateOf } from "@/theme/states"
import classes from "./run.module.css"

type Step = Schema["TimelineStep"]

const COLUMNS: ReadonlyArray<Column<Step>> = [
  {
    id: "asset",
    title: "Asset",
    width: "minmax(160px, 1fr)",
    cell: (each) => (
      <>
        <StateMark state={worstOf(each.states)} size={11} label="" /> {each.step}
      </>
    ),
  },
  {
    id: "partitions",
    title: "Partitions",
    width: "minmax(120px, 1fr)",
    cell: (each) => (
      <span className={classes.dim}>
        {each.count === 1 ? each.rows?.[0]?.item || "–" : each.count.toLocaleString("en")}
      </span>
    ),
  },
  { id: "became", title: "What became of them", width: "minmax(200px, 2fr)", cell: (each) => became(each) },
]

/** `243 succeeded, 7 failed`; of a single one only the word. */
function became({ states, count }: Step): string {
  return Object.entries(states)
    .filter(([, number]) => number > 0)
    .map(([state, number]) =>
      count === 1 ? stateOf(state).label : `${number.toLocaleString("en")} ${stateOf(state).label}`,
    )
    .join(", ")
}

/** The assets that a run was to make, and how far it came with each. */
export function Made({ steps }: { steps: readonly Step[] }) {
  return (
    <Section title="Assets" note="their versions are on their pages">
      <Panel>
        <Table
          label="Assets of the run"
          columns={COLUMNS}
          rows={steps}
          rowKey={(each) => each.step}
          href={(each) => assetPath(each.step, { tab: "versions" })}
          empty={<Empty title="It has not planned anything." />}
        />
      </Panel>
    </Section>
  )
}
