import { Select } from "@mantine/core"
import { useMemo } from "react"
import { api, type Schema } from "@/api/client"
import { asProblem } from "@/api/problem"
import { CodeView, PatchView } from "@/parts/code-view"
import { Empty, Refusal, Skeleton } from "@/parts/empty"
import { Loaded } from "@/parts/loaded"
import { Panel, Section } from "@/parts/panel"
import { StateMark } from "@/parts/state-mark"
import { type Column, Table } from "@/parts/table"
import { Time } from "@/parts/time"
import { text, useUrlState } from "@/shell/url-state"
import { CompareVersions, eachOnce } from "./compare-versions"
import { patchesOf } from "./patches"
import classes from "./pipeline.module.css"

const FIELDS = { before: text(), after: text() }

type Version = Schema["CodeView"]

/** A version as people see it: its digest without the algorithm. */
function short(code: string): string {
  return code.slice(code.lastIndexOf(":") + 1, code.lastIndexOf(":") + 9)
}

/**
 * The versions of a pipeline's code that have run, and what differs between two.
 *
 * Compared are those that a server loaded, with graph and settings; where there is but one of these, the code of runs.
 */
export function Code({ name }: { name: string }) {
  const versions = api.useQuery("get", "/api/v1/pipelines/{name}/versions", { params: { path: { name } } })
  const recorded = api.useQuery(
    "get",
    "/api/v1/definitions/{name}/versions",
    { params: { path: { name: `pipeline:${name}` } } },
    { retry: false },
  )
  const loaded = eachOnce(recorded.data?.items ?? [])
  if (recorded.isPending) return <Skeleton rows={8} />
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
          {loaded.length > 1 ? (
            <CompareVersions name={name} versions={loaded} />
          ) : items.length > 1 ? (
            <Difference name={name} versions={items} />
          ) : (
            <Alone />
          )}
          {loaded.length > 1 ? (
            <RecordedSource name={name} newest={loaded[0]?.version ?? ""} />
          ) : (
            <Source name={name} versions={items} />
          )}
        </>
      )}
    </Loaded>
  )
}

const COLUMNS: ReadonlyArray<Column<Version>> = [
  {
    id: "code",
    title: "Code",
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
          A version is told by the content of the functions, the steps and the settings: it changes when they
          do, not when the file is read again.
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
  const patches = useMemo(() => patchesOf(diff.data?.diff ?? ""), [diff.data])
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
      {diff.error || diff.data === undefined || patches.length === 0 ? (
        <Panel>
          {diff.error ? (
            <Refusal problem={asProblem(diff.error)} />
          ) : diff.data === undefined ? (
            <Skeleton />
          ) : (
            <Empty title="Nothing differs">The two versions have the same functions.</Empty>
          )}
        </Panel>
      ) : (
        <div className={classes.stack}>
          {patches.map((each) => (
            <PatchView
              key={each.name}
              title={each.name}
              patch={each.patch}
              names={[short(before), short(after)]}
            />
          ))}
        </div>
      )}
    </Section>
  )
}

/** The functions of one version, the pipeline's own first. */
function Source({ name, versions }: { name: string; versions: readonly Version[] }) {
  const [{ after }] = useUrlState(FIELDS)
  const version = after || versions[0]?.code || ""
  const source = api.useQuery(
    "get",
    "/api/v1/pipelines/{name}/source",
    { params: { path: { name }, query: { version: short(version) } } },
    { enabled: version !== "", retry: false },
  )
  return <Functions version={short(version)} items={source.data?.items} error={source.error} />
}

/** The functions of a version that a server loaded. */
function RecordedSource({ name, newest }: { name: string; newest: string }) {
  const [{ after }] = useUrlState(FIELDS)
  const version = after || newest
  const source = api.useQuery(
    "get",
    "/api/v1/definitions/{name}/source",
    { params: { path: { name: `pipeline:${name}` }, query: { version } } },
    { retry: false },
  )
  return <Functions version={version} items={source.data?.items} error={source.error} />
}

interface FunctionsProps {
  readonly version: string
  readonly items: ReadonlyArray<Schema["FunctionSource"]> | undefined
  readonly error: unknown
}

function Functions({ version, items, error }: FunctionsProps) {
  return (
    <Section title="Source" note={version && `of version ${version}`}>
      {items === undefined ? (
        <Panel>{error ? <Refusal problem={asProblem(error)} /> : <Skeleton />}</Panel>
      ) : (
        <div className={classes.stack}>
          {items.map((each) => (
            <CodeView key={each.name} code={each.text} language="python" title={each.name} height="420px" />
          ))}
        </div>
      )}
    </Section>
  )
}
