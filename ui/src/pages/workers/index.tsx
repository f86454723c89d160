import { api, type Schema } from "@/api/client"
import { Empty } from "@/parts/empty"
import { Loaded } from "@/parts/loaded"
import { Panel, Section } from "@/parts/panel"
import { StateWord } from "@/parts/state-mark"
import { type Column, Table } from "@/parts/table"
import { Time } from "@/parts/time"
import { Page } from "@/shell/page"
import { Locations } from "./locations"
import { RunLinks } from "./run-links"
import classes from "./workers.module.css"

type Worker = Schema["WorkerView"]

/** The processes that carry things out, and the places that their code comes from. */
export default function WorkersPage() {
  const workers = api.useQuery("get", "/api/v1/workers")
  const alive = workers.data?.items.filter((each) => each.alive)
  return (
    <Page
      title="Workers"
      sub={
        alive && `${alive.length} alive · ${underWay(alive.reduce((sum, each) => sum + each.runs.length, 0))}`
      }
    >
      <Panel>
        <Loaded query={workers}>{({ items }) => <Processes items={items} />}</Loaded>
      </Panel>
      <Section title="Locations" note="where definitions come from; each loads in an interpreter of its own">
        <Locations />
      </Section>
    </Page>
  )
}

function underWay(count: number): string {
  return count === 1 ? "one run under way" : `${count || "no"} runs under way`
}

const KINDS: Readonly<Record<string, string>> = {
  scheduler: "decides what starts when",
  host: "loads definitions",
  runner: "carries out a run",
  worker: "takes runs from work pools",
}

const columns: ReadonlyArray<Column<Worker>> = [
  {
    id: "state",
    title: "State",
    width: "92px",
    cell: (row) => (
      <StateWord state={row.alive ? (row.runs.length > 0 ? "running" : "fresh") : "lost"}>
        {row.alive ? (row.runs.length > 0 && row.state === "ready" ? "busy" : row.state) : "gone"}
      </StateWord>
    ),
  },
  {
    id: "kind",
    title: "Process",
    width: "minmax(76px, 1fr)",
    cell: (row) => <span title={KINDS[row.kind]}>{row.kind}</span>,
  },
  { id: "location", title: "Location", width: "minmax(70px, 1fr)", cell: (row) => row.location || "all" },
  {
    id: "runs",
    title: "Under way",
    width: "minmax(120px, 2.4fr)",
    cell: (row) =>
      row.runs.length > 0 ? <RunLinks runs={row.runs} /> : <span className={classes.dim}>nothing</span>,
  },
  { id: "most", title: "At most", width: "58px", align: "right", cell: (row) => row.most },
  {
    id: "pools",
    title: "Work pools",
    width: "minmax(76px, 1fr)",
    cell: (row) => row.pools?.join(", ") ?? "all",
  },
  {
    id: "where",
    title: "Where",
    width: "minmax(110px, 1.4fr)",
    cell: (row) => (
      <span title={`Python ${row.python}`}>
        {row.host} <span className={classes.dim}>{row.pid}</span>
      </span>
    ),
  },
  {
    id: "started",
    title: "Started",
    width: "88px",
    align: "right",
    cell: (row) => <Time at={row.started_at} />,
  },
  { id: "seen", title: "Last seen", width: "88px", align: "right", cell: (row) => <Time at={row.seen_at} /> },
]

function Processes({ items }: { items: readonly Worker[] }) {
  return (
    <Table
      label="Processes"
      columns={columns}
      rows={items}
      rowKey={(row) => row.id}
      empty={
        <Empty title="No process is there." command="weft worker start">
          Runs wait until a worker takes them. <code>weft dev</code> brings one.
        </Empty>
      }
    />
  )
}
