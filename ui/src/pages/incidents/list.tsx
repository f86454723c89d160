import { Button, SegmentedControl } from "@mantine/core"
import { useMemo, useState } from "react"
import { api, type Schema } from "@/api/client"
import { paging, useRows } from "@/api/pages"
import { Empty } from "@/parts/empty"
import { Filters } from "@/parts/filters"
import { Loaded } from "@/parts/loaded"
import { Panel } from "@/parts/panel"
import { StateMark } from "@/parts/state-mark"
import { SubjectLink } from "@/parts/subject-link"
import { type Column, Table } from "@/parts/table"
import { Time } from "@/parts/time"
import { useMay } from "@/shell/door"
import { incidentPath } from "@/shell/links"
import { oneOf, useUrlState } from "@/shell/url-state"
import classes from "./incidents.module.css"
import { SayDialog } from "./say-dialog"
import { markOf, phaseWords } from "./words"

type Incident = Schema["IncidentView"]

const PHASES = { "": ["open", "acknowledged"], open: ["open"], over: ["resolved"] } as const
const fields = { show: oneOf(["", "open", "over"] as const, "") }

/** Incidents, newest first: those that are not over, if nothing else is asked for. */
export function IncidentList() {
  const [{ show }, setView] = useUrlState(fields)
  const query = api.useInfiniteQuery(
    "get",
    "/api/v1/incidents",
    { params: { query: { limit: 100, phase: [...PHASES[show]] } } },
    paging,
  )
  const { rows, more } = useRows(query)
  const may = useMay("operator")
  const [said, setSaid] = useState<Incident | null>(null)
  const columns = useMemo(() => columnsFor(may ? setSaid : null), [may])
  return (
    <>
      <Filters>
        <SegmentedControl
          aria-label="Which"
          value={show}
          onChange={(value) => setView({ show: value as typeof show })}
          data={[
            { value: "", label: "Not over" },
            { value: "open", label: "Nobody takes care" },
            { value: "over", label: "Resolved" },
          ]}
        />
      </Filters>
      <Panel>
        <Loaded query={query}>
          {() => (
            <Table
              label="Incidents"
              columns={columns}
              rows={rows}
              rowKey={(row) => row.id}
              href={(row) => incidentPath(row.id)}
              rowHeight={50}
              more={more}
              empty={
                show === "over" ? (
                  <Empty title="No incident is over yet.">
                    What was wrong and is right again stands here.
                  </Empty>
                ) : (
                  <Empty title="No incident is open." command="weft alerts check">
                    What fails, is late or does not load opens an incident, told once, with where it began.
                    This command looks over the rules and channels.
                  </Empty>
                )
              }
            />
          )}
        </Loaded>
      </Panel>
      {said && <SayDialog id={said.id} title={said.title} what="acknowledge" onClose={() => setSaid(null)} />}
    </>
  )
}

function columnsFor(acknowledge: ((row: Incident) => void) | null): Column<Incident>[] {
  return [
    {
      id: "what",
      title: "What",
      width: "minmax(220px, 4fr)",
      cell: (row) => (
        <div className={classes.what}>
          <StateMark state={markOf(row)} label={row.severity} />
          <b>{row.title}</b>
          <span title={row.detail}>{row.detail}</span>
        </div>
      ),
    },
    { id: "severity", title: "Severity", width: "76px", cell: (row) => row.severity },
    {
      id: "root",
      title: "Where it began",
      width: "minmax(130px, 1.6fr)",
      cell: (row) => <SubjectLink subject={row.root} />,
    },
    {
      id: "owners",
      title: "Owners",
      width: "minmax(90px, 1.2fr)",
      wide: true,
      cell: (row) => row.owners.join(", "),
    },
    {
      id: "times",
      title: "Times",
      width: "54px",
      align: "right",
      cell: (row) => row.occurrences.toLocaleString("en-GB"),
    },
    { id: "opened", title: "Since", width: "100px", align: "right", cell: (row) => <Time at={row.opened} /> },
    {
      id: "state",
      title: "State",
      width: "minmax(130px, 1.3fr)",
      cell: (row) =>
        row.phase === "open" && acknowledge ? (
          <Button size="compact-xs" variant="default" onClick={() => acknowledge(row)}>
            Acknowledge
          </Button>
        ) : (
          <span className={classes.dim}>{phaseWords(row)}</span>
        ),
    },
  ]
}
