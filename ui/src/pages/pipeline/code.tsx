import { Select } from "@mantine/core"
import { useMemo } from "react"
import { api, type Schema } from "@/api/client"
import { asProblem } from "@/api/problem"
import { Empty, Refusal, Skeleton } from "@/parts/empty"
import { Loaded } from "@/parts/loaded"
import { Panel, Section } from "@/parts/panel"
import { StateMark } from "@/parts/state-mark"
import { type Column, Table } from "@/parts/table"
import { Time } from "@/parts/time"
import { text, useUrlState } from "@/shell/url-state"
import { diffLines } from "./diff-lines"
import classes from "./pipeline.module.css"

const FIELDS = { before: text(), after: text() }

type Version = Schema["CodeView"]

/** A version as people see it: its digest without the algorithm. */
function short(code: string): string {
  return code.slice(code.lastIndexOf(":") + 1, code.lastIndexOf(":") + 9)
}

/** The versions of a pipeline's code that have run, and what differs between two of them. */
export function Code({ name }: { name: string }) {
  const versions = api.useQuery("get", "/api/v1/pipelines/{name}/versions", { params: { path: { name } } })
  return (
    <Loaded query={versions}>
      {({ items }) => (
        <>
          <Panel>
            <Table
              label={`Versions of ${name}`}
              columns={COLUMNS}
              rows={items}
              rowKey={(each) => each.code}
            />
          </Panel>
          {items.length > 1 ? <Difference name={name} versions={items} /> : <Alone />}
        </>
      )}
    </Loaded>
  )
}

const COLUMNS: ReadonlyArray<Column<Version>> = [
  {
    id: "code",
    title: "Version",
    width: "minmax(140px, 1fr)",
    cell: (each) => (
      <>
        <code>{short(each.code)}</code>
        {each.current && (
          <>
            {" "}
            <StateMark state="fresh" size={9} label="" /> today's
          </>
        )}
      </>
    ),
  },
  {
    id: "runs",
    title: "Runs",
    width: "80px",
    align: "right",
    cell: (each) => each.runs.toLocaleString("en-GB"),
  },
  {
    id: "first",
    title: "First run",
    width: "150px",
    align: "right",
    cell: (each) => <Time at={each.first_at} none="never" />,
  },
  {
    id: "last",
    title: "Last run",
    width: "150px",
    align: "right",
    cell: (each) => <Time at={each.last_at} none="never" />,
  },
]

function Alone() {
  return (
    <Section title="What changed">
      <Panel>
        <Empty title="There is one version only">
          A version is told by the content of the functions: it changes when they do, not when the file is
          read again.
        </Empty>
      </Panel>
    </Section>
  )
}

function Difference({ name, versions }: { name: string; versions: readonly Version[] }) {
  const [state, setState] = useUrlState(FIELDS)
  const after = state.after || versions[0]?.code || ""
  const before = state.before || versions[1]?.code || ""
  const diff = api.useQuery(
    "get",
    "/api/v1/pipelines/{name}/diff",
    { params: { path: { name }, query: { before, after } } },
    { retry: false },
  )
  const data = versions.map((each) => ({
    value: each.code,
    label: short(each.code) + (each.current ? " (today's)" : ""),
  }))
  const lines = useMemo(() => diffLines(diff.data?.diff ?? ""), [diff.data])
  return (
    <Section
      title="What changed"
      actions={
        <>
          <Select
            aria-label="From version"
            data={data}
            value={before}
            allowDeselect={false}
            onChange={(to) => setState({ before: to ?? "" })}
          />
          <span className={classes.faint}>to</span>
          <Select
            aria-label="To version"
            data={data}
            value={after}
            allowDeselect={false}
            onChange={(to) => setState({ after: to ?? "" })}
          />
        </>
      }
    >
      <Panel>
        {diff.error ? (
          <Refusal problem={asProblem(diff.error)} />
        ) : diff.data === undefined ? (
          <Skeleton />
        ) : lines.length === 0 ? (
          <Empty title="Nothing differs">The two versions have the same functions.</Empty>
        ) : (
          <pre className={classes.diff}>
            {lines.map((line, index) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: lines of a text
              <div key={index} data-kind={line.kind}>
                {line.text || " "}
              </div>
            ))}
          </pre>
        )}
      </Panel>
    </Section>
  )
}
