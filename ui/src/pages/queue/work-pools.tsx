import { Button } from "@mantine/core"
import { api, type Schema } from "@/api/client"
import { Empty } from "@/parts/empty"
import { Loaded } from "@/parts/loaded"
import { Panel, Section } from "@/parts/panel"
import { StateWord } from "@/parts/state-mark"
import { type Column, Table } from "@/parts/table"
import { useMay } from "@/shell/door"

type WorkPool = Schema["WorkPoolView"]

/** Work pools are where runs wait until a worker takes them. */
export function WorkPools() {
  const pools = api.useQuery("get", "/api/v1/work-pools")
  const may = useMay("operator")
  const pause = api.useMutation("post", "/api/v1/work-pools/{name}/pause")
  const resume = api.useMutation("post", "/api/v1/work-pools/{name}/resume")
  const columns: Column<WorkPool>[] = [
    { id: "name", title: "Work pool", width: "minmax(140px, 2fr)", cell: (pool) => pool.name },
    {
      id: "state",
      title: "State",
      width: "120px",
      cell: (pool) => (
        <StateWord state={pool.paused ? "paused" : "fresh"}>{pool.paused ? "paused" : "open"}</StateWord>
      ),
    },
    { id: "type", title: "Runs in a", width: "110px", cell: (pool) => pool.type },
    { id: "running", title: "Running", width: "90px", align: "right", cell: (pool) => pool.running },
    { id: "waiting", title: "Waiting", width: "90px", align: "right", cell: (pool) => pool.waiting },
    {
      id: "slots",
      title: "At most",
      width: "90px",
      align: "right",
      cell: (pool) => pool.slots ?? "no limit",
    },
    {
      id: "act",
      title: "",
      width: "96px",
      align: "right",
      cell: (pool) =>
        may && (
          <Button
            size="compact-xs"
            variant="default"
            aria-label={`${pool.paused ? "Resume" : "Pause"} ${pool.name}`}
            onClick={() => (pool.paused ? resume : pause).mutate({ params: { path: { name: pool.name } } })}
          >
            {pool.paused ? "Resume" : "Pause"}
          </Button>
        ),
    },
  ]
  return (
    <Section title="Work pools" note="where runs wait for a worker">
      <Panel>
        <Loaded query={pools}>
          {({ items }) => (
            <Table
              label="Work pools"
              columns={columns}
              rows={items}
              rowKey={(pool) => pool.name}
              empty={
                <Empty
                  title="No work pools but the default one."
                  command="weft work-pool create heavy --type process --slots 4"
                >
                  A work pool holds runs for the workers that look after it.
                </Empty>
              }
            />
          )}
        </Loaded>
      </Panel>
    </Section>
  )
}
