import { Select } from "@mantine/core"
import { Link } from "@tanstack/react-router"
import { api, type Schema } from "@/api/client"
import { paging, useRows } from "@/api/pages"
import { Empty } from "@/parts/empty"
import { Loaded } from "@/parts/loaded"
import { Panel, Section } from "@/parts/panel"
import { StateWord } from "@/parts/state-mark"
import { type Column, Table } from "@/parts/table"
import { Time } from "@/parts/time"
import { executionPath, runPath } from "@/shell/links"
import { oneOf, useUrlState } from "@/shell/url-state"
import { decisionOf } from "../schedules/words"
import classes from "./schedule.module.css"

type Decision = Schema["DecisionView"]

const WORDS = ["all", "started", "skipped", "failed", "missed"] as const
const FIELDS = { decision: oneOf(WORDS, "all") }

/** Each tick with what came of it and why, skips too, newest first. */
export function Decisions({ id }: { id: string }) {
  const [{ decision }, set] = useUrlState(FIELDS)
  const query = api.useInfiniteQuery(
    "get",
    "/api/v1/automations/{id}/decisions",
    {
      params: {
        path: { id },
        query: { limit: 100, ...(decision === "all" ? {} : { decision }) },
      },
    },
    paging,
  )
  const { rows, more } = useRows(query)
  return (
    <Section
      title="What it decided"
      actions={
        <Select
          aria-label="Which decisions"
          className={classes.filter}
          data={WORDS.map((value) => ({
            value,
            label: value === "all" ? "All decisions" : decisionOf(value).word,
          }))}
          value={decision}
          allowDeselect={false}
          onChange={(value) => set({ decision: WORDS.find((each) => each === value) ?? "all" })}
        />
      }
    >
      <Panel>
        <Loaded query={{ ...query, data: query.data ? rows : undefined }}>
          {(found) => (
            <Table
              label="Decisions"
              columns={COLUMNS}
              rows={found}
              rowKey={(each) => `${each.tick} ${each.at} ${each.decision}`}
              more={more}
              empty={
                <Empty title="It decided nothing yet.">Ticks that are skipped are told here, too.</Empty>
              }
            />
          )}
        </Loaded>
      </Panel>
    </Section>
  )
}

const COLUMNS: readonly Column<Decision>[] = [
  {
    id: "decision",
    title: "Decision",
    width: "140px",
    cell: (each) => {
      const { state, word } = decisionOf(each.decision)
      return <StateWord state={state}>{each.count > 1 ? `${each.count} ${word}` : word}</StateWord>
    },
  },
  { id: "due", title: "Due", width: "120px", cell: (each) => <Time at={each.due ?? each.at} /> },
  {
    id: "tick",
    title: "Tick",
    width: "minmax(130px, 1fr)",
    cell: (each) => (
      <span title={each.tick}>{each.tick.replace(/:00Z$|\.\d+\+00:00$/, "").replace("T", " ")}</span>
    ),
    wide: true,
  },
  { id: "started", title: "Started", width: "minmax(120px, 1fr)", cell: (each) => <Started each={each} /> },
  {
    id: "why",
    title: "Why",
    width: "minmax(180px, 3fr)",
    cell: (each) => (
      <span className={classes.dim} title={each.reason}>
        {each.reason}
      </span>
    ),
  },
]

function Started({ each }: { each: Decision }) {
  const [run] = each.runs
  const [execution] = each.executions
  const more = each.runs.length + each.executions.length - 1
  if (!run && !execution) return null
  return (
    <>
      {run ? (
        <Link to={runPath(run)}>
          run <code>{run.slice(0, 8)}</code>
        </Link>
      ) : (
        execution && (
          <Link to={executionPath(execution)}>
            execution <code>{execution.slice(0, 8)}</code>
          </Link>
        )
      )}
      {more > 0 && ` and ${more} more`}
    </>
  )
}
