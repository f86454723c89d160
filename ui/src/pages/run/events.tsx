import { useMemo, useState } from "react"
import { api, type Schema } from "@/api/client"
import { paging, useRows } from "@/api/pages"
import { CodeView } from "@/parts/code-view"
import { sinceWords } from "@/parts/gantt/axis"
import { shortName } from "@/parts/gantt/model"
import { Loaded } from "@/parts/loaded"
import { Panel } from "@/parts/panel"
import { StateWord } from "@/parts/state-mark"
import { type Column, Table } from "@/parts/table"
import { Time } from "@/parts/time"
import classes from "./run.module.css"
import type { TabProps } from "./state"

type Event = Schema["EventView"]

const columnsOf = (began: number): ReadonlyArray<Column<Event>> => [
  { id: "position", title: "#", width: "80px", align: "right", cell: (event) => event.position },
  {
    id: "after",
    title: "After",
    width: "84px",
    align: "right",
    cell: (event) => sinceWords(Date.parse(event.at) - began),
  },
  { id: "at", title: "At", width: "104px", align: "right", cell: (event) => <Time at={event.at} /> },
  { id: "type", title: "Event", width: "190px", cell: (event) => event.type },
  {
    id: "step",
    title: "Step",
    width: "minmax(140px, 2fr)",
    cell: (event) => (event.step ? `${shortName(event.step)}${event.item ? ` [${event.item}]` : ""}` : ""),
  },
  { id: "partition", title: "Partition", width: "minmax(90px, 1fr)", cell: (event) => event.partition ?? "" },
  {
    id: "outcome",
    title: "Outcome",
    width: "130px",
    cell: (event) => (event.outcome ? <StateWord state={event.outcome} /> : ""),
  },
]

/** What the ledger has of the run, event by event. */
export default function EventsTab({ run }: TabProps) {
  const query = api.useInfiniteQuery(
    "get",
    "/api/v1/ledger/events",
    { params: { query: { run: run.id, limit: 200 } } },
    paging,
  )
  const { rows, more } = useRows<Event>(query)
  const columns = useMemo(
    () => columnsOf(Date.parse(run.started_at ?? run.created_at)),
    [run.started_at, run.created_at],
  )
  const [chosen, setChosen] = useState<Event | null>(null)
  return (
    <>
      <Panel>
        <Loaded query={query}>
          {() => (
            <Table
              label="Events of the run"
              columns={columns}
              rows={rows}
              rowKey={(event) => String(event.position)}
              onOpen={(event) => setChosen(event.position === chosen?.position ? null : event)}
              more={more}
              {...(chosen ? { selected: String(chosen.position) } : {})}
            />
          )}
        </Loaded>
      </Panel>
      {chosen && (
        <div className={classes.eventBody}>
          <CodeView
            code={JSON.stringify(chosen.body, null, 2)}
            language="json"
            title={`${chosen.type} ${chosen.position}`}
            height="46vh"
          />
        </div>
      )}
    </>
  )
}
