import { Button, SegmentedControl } from "@mantine/core"
import { useMemo } from "react"
import { api, type Schema } from "@/api/client"
import { Empty } from "@/parts/empty"
import { Filters } from "@/parts/filters"
import { Loaded } from "@/parts/loaded"
import { Panel } from "@/parts/panel"
import { StateWord } from "@/parts/state-mark"
import { type Column, Table } from "@/parts/table"
import { Time } from "@/parts/time"
import { useMay } from "@/shell/door"
import { flag, useUrlState } from "@/shell/url-state"
import { useAnew } from "./use-anew"
import { matchWords } from "./words"

type Silence = Schema["SilenceView"]

const fields = { past: flag() }

/** What nobody is told of for a while, until when, and why. */
export function Silences({ onNew }: { onNew: () => void }) {
  const [{ past }, setView] = useUrlState(fields)
  const query = api.useQuery("get", "/api/v1/silences", { params: { query: { past } } })
  const anew = useAnew()
  const may = useMay("editor")
  const { mutate: end } = api.useMutation("delete", "/api/v1/silences/{id}", { onSuccess: anew })
  const columns = useMemo<Column<Silence>[]>(
    () => [
      {
        id: "state",
        title: "State",
        width: "110px",
        cell: (row) => (
          <StateWord state={row.active ? "paused" : "skipped"}>{row.active ? "in force" : "over"}</StateWord>
        ),
      },
      {
        id: "matches",
        title: "Nobody is told where",
        width: "minmax(220px, 3fr)",
        cell: (row) => <span title={matchWords(row.matches)}>{matchWords(row.matches)}</span>,
      },
      { id: "reason", title: "Why", width: "minmax(140px, 2fr)", cell: (row) => row.reason || "–" },
      { id: "by", title: "By", width: "minmax(80px, 1fr)", cell: (row) => row.by },
      {
        id: "until",
        title: "Until",
        width: "120px",
        align: "right",
        cell: (row) => <Time at={row.removed ?? row.until} />,
      },
      {
        id: "act",
        title: "",
        width: "76px",
        align: "right",
        cell: (row) =>
          may &&
          row.active && (
            <Button
              size="compact-xs"
              variant="default"
              aria-label={`End the silence where ${matchWords(row.matches)}`}
              onClick={() => end({ params: { path: { id: row.id } } })}
            >
              End
            </Button>
          ),
      },
    ],
    [end, may],
  )
  return (
    <>
      <Filters>
        <SegmentedControl
          aria-label="Which"
          value={past ? "past" : ""}
          onChange={(value) => setView({ past: value === "past" })}
          data={[
            { value: "", label: "In force" },
            { value: "past", label: "All" },
          ]}
        />
      </Filters>
      <Panel>
        <Loaded query={query}>
          {({ items }) => (
            <Table
              label="Silences"
              columns={columns}
              rows={items}
              rowKey={(row) => row.id}
              empty={
                <Empty
                  title="Nothing is silenced."
                  command="weft alerts silence --match root=asset:orders* --for 2h"
                  action={may && <Button onClick={onNew}>Silence…</Button>}
                >
                  While something is known and being mended, a silence keeps it from being told; incidents are
                  kept all the same.
                </Empty>
              }
            />
          )}
        </Loaded>
      </Panel>
    </>
  )
}
