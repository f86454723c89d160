import { Button } from "@mantine/core"
import { useMemo } from "react"
import { api, type Schema } from "@/api/client"
import { Empty } from "@/parts/empty"
import { Loaded } from "@/parts/loaded"
import { Panel } from "@/parts/panel"
import { StateWord } from "@/parts/state-mark"
import { type Column, Table } from "@/parts/table"
import { Time } from "@/parts/time"
import { type Command, useCommands } from "@/shell/commands"
import { useMay } from "@/shell/door"
import { Page } from "@/shell/page"
import { text, useUrlState } from "@/shell/url-state"
import { ConnectionDrawer } from "./detail"
import { ConnectionForm } from "./form"

type Connection = Schema["ConnectionView"]

const fields = { open: text(), edit: text() }
/** In the URL, in place of a name: the form is for one that is not there yet. */
const NEW = "+"

const columns: ReadonlyArray<Column<Connection>> = [
  { id: "name", title: "Name", width: "minmax(160px, 2fr)", cell: (row) => row.name },
  { id: "type", title: "Type", width: "minmax(110px, 1fr)", cell: (row) => row.type },
  { id: "source", title: "Comes from", width: "minmax(160px, 2fr)", cell: (row) => row.source },
  {
    id: "state",
    title: "State",
    width: "minmax(160px, 2fr)",
    cell: (row) => <State row={row} />,
  },
  {
    id: "tried",
    title: "Last tried",
    width: "110px",
    align: "right",
    cell: (row) => <Time at={row.tried_at} none="never" />,
  },
]

/** Whether it can be read, and how it was tried last. */
function State({ row }: { row: Connection }) {
  if (row.error) return <StateWord state="failed">cannot be read: {row.error}</StateWord>
  if (row.passed === null) return <StateWord state="missing">not tried</StateWord>
  return (
    <StateWord state={row.passed ? "passed" : "failed"}>{row.passed ? "worked" : "did not work"}</StateWord>
  )
}

/** Where data is fetched from and brought to; secrets go in and never come out. */
export default function ConnectionsPage() {
  const query = api.useQuery("get", "/api/v1/connections")
  const [view, setView] = useUrlState(fields)
  const may = useMay("editor")
  const commands = useMemo<Command[]>(
    () =>
      may
        ? [
            {
              id: "new-connection",
              title: "New connection",
              group: "Connections",
              keys: "n",
              run: () => setView({ edit: NEW }),
            },
          ]
        : [],
    [may, setView],
  )
  useCommands(commands)
  return (
    <Page
      title="Connections"
      sub={query.data && `${query.data.items.length} known`}
      actions={may && <Button onClick={() => setView({ edit: NEW })}>New connection</Button>}
    >
      <Panel>
        <Loaded query={query}>
          {({ items }) => (
            <Table
              label="Connections"
              columns={columns}
              rows={items}
              rowKey={(row) => row.name}
              selected={view.open}
              onOpen={(row) => setView({ open: row.name }, { push: true })}
              empty={
                <Empty
                  title="No connections."
                  command="weft connections add warehouse postgresql://user@host/db"
                >
                  A connection keeps where a database, bucket or service is, and how to come in, under a name
                  that code asks for.
                </Empty>
              }
            />
          )}
        </Loaded>
      </Panel>
      {view.open && (
        <ConnectionDrawer
          name={view.open}
          onClose={() => setView({ open: "" })}
          onEdit={() => setView({ edit: view.open, open: "" })}
        />
      )}
      {view.edit && may && (
        <ConnectionForm name={view.edit === NEW ? null : view.edit} onClose={() => setView({ edit: "" })} />
      )}
    </Page>
  )
}
