import { Button, Menu, Tooltip } from "@mantine/core"
import { useNavigate } from "@tanstack/react-router"
import { ChevronDown } from "lucide-react"
import { useMemo, useState } from "react"
import { api } from "@/api/client"
import { paging, useRows } from "@/api/pages"
import { useNow } from "@/parts/clock"
import { Empty } from "@/parts/empty"
import { Loaded } from "@/parts/loaded"
import { Panel } from "@/parts/panel"
import { Table } from "@/parts/table"
import { useCommands } from "@/shell/commands"
import { useMay } from "@/shell/door"
import { comparePath, runPath } from "@/shell/links"
import { Page } from "@/shell/page"
import { useUrlState } from "@/shell/url-state"
import { Bulk, type BulkAction } from "./bulk"
import { columnsOf, longestOf, type Run } from "./columns"
import { FilterBar } from "./filter-bar"
import { countOf, FIELDS, filtersOf, NO_FILTERS, STATES } from "./filters"

export default function RunsPage() {
  const [state, set] = useUrlState(FIELDS)
  const navigate = useNavigate()
  const may = useMay("operator")
  const [bulk, setBulk] = useState<BulkAction | null>(null)
  // a range that ends now moves with the clock; the others don't ask again each minute
  const minute = Math.floor(useNow() / 60_000) * 60_000
  const moves = state.range !== "" && state.since === ""
  const at = moves ? minute : 0
  const filters = useMemo(() => filtersOf(state, at), [state, at])
  const query = api.useInfiniteQuery(
    "get",
    "/api/v1/runs",
    { params: { query: { limit: 100, ...filters } } },
    paging,
  )
  const { rows, more } = useRows<Run>(query)
  const marked = state.marked
  const columns = useMemo(
    () =>
      columnsOf(longestOf(rows), {
        marked,
        onMark: (id, on) =>
          set({ marked: on ? [...marked, id].slice(-2) : marked.filter((each) => each !== id) }),
      }),
    [rows, marked, set],
  )
  const [before, after] = marked
  const compare = () => before && after && void navigate({ to: comparePath(before, after) })
  const filtered = countOf(state) > 0
  useCommands(
    useMemo(
      () => [
        ...STATES.filter((each) => each.value !== "").map((each) => ({
          id: `runs-${each.value}`,
          title: `Show runs: ${each.label.toLowerCase()}`,
          group: "Runs",
          run: () => set({ state: each.value }),
        })),
        {
          id: "runs-day",
          title: "Show the last 24 hours",
          group: "Runs",
          run: () => set({ range: "24h", since: "", until: "" }),
        },
        { id: "runs-clear", title: "Show all runs", group: "Runs", run: () => set(NO_FILTERS) },
        ...(may
          ? [
              {
                id: "runs-cancel-all",
                title: "Cancel all runs that match…",
                group: "Runs",
                run: () => setBulk("cancel"),
              },
              {
                id: "runs-rerun-all",
                title: "Re-run all runs that match…",
                group: "Runs",
                run: () => setBulk("rerun"),
              },
              {
                id: "runs-rerun-failed",
                title: "Re-run what failed in all runs that match…",
                group: "Runs",
                run: () => setBulk("rerun_failed"),
              },
            ]
          : []),
        ...(before && after
          ? [
              {
                id: "runs-compare",
                title: "Compare the marked runs",
                group: "Runs",
                keys: "c",
                run: () => void navigate({ to: comparePath(before, after) }),
              },
            ]
          : []),
      ],
      [set, may, before, after, navigate],
    ),
  )
  return (
    <Page
      title="Runs"
      actions={
        <>
          {marked.length > 0 && (
            <Tooltip label={after ? "Compare the two" : "Mark another run"}>
              <Button variant="default" disabled={!after} onClick={compare}>
                Compare{after ? "" : " (1 of 2)"}
              </Button>
            </Tooltip>
          )}
          <Menu position="bottom-end" disabled={!may}>
            <Menu.Target>
              <Tooltip label={may ? "Act on every run that matches" : "This asks for the role operator"}>
                <Button variant="default" disabled={!may} rightSection={<ChevronDown size={13} />}>
                  All that match
                </Button>
              </Tooltip>
            </Menu.Target>
            <Menu.Dropdown>
              <Menu.Item onClick={() => setBulk("rerun_failed")}>Re-run what failed…</Menu.Item>
              <Menu.Item onClick={() => setBulk("rerun")}>Re-run whole…</Menu.Item>
              <Menu.Divider />
              <Menu.Item color="red" onClick={() => setBulk("cancel")}>
                Cancel…
              </Menu.Item>
            </Menu.Dropdown>
          </Menu>
        </>
      }
    >
      <FilterBar state={state} onChange={set} />
      <Panel>
        <Loaded query={query}>
          {() => (
            <Table
              label="Runs"
              columns={columns}
              rows={rows}
              rowKey={(run) => run.id}
              href={(run) => runPath(run.id)}
              more={more}
              empty={
                query.hasNextPage ? undefined : filtered ? (
                  <Empty
                    title="No run is like that."
                    action={
                      <Button variant="default" onClick={() => set(NO_FILTERS)}>
                        Show all runs
                      </Button>
                    }
                  />
                ) : (
                  <Empty title="Nothing has run yet." command="weft apply">
                    Bring what is missing to fresh, or start a pipeline with weft run.
                  </Empty>
                )
              }
            />
          )}
        </Loaded>
      </Panel>
      {bulk && (
        <Bulk
          action={bulk}
          filters={filters}
          shown={filtered ? "these filters" : "(no filter is set: these are all runs)"}
          onClose={() => setBulk(null)}
        />
      )}
    </Page>
  )
}
