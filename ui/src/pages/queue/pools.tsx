import { Button, Modal, NumberInput } from "@mantine/core"
import { type FormEvent, useState } from "react"
import { api, type Schema } from "@/api/client"
import { asProblem } from "@/api/problem"
import { Empty, Refusal } from "@/parts/empty"
import { Loaded } from "@/parts/loaded"
import { Panel, Section } from "@/parts/panel"
import { StateWord } from "@/parts/state-mark"
import { type Column, Table } from "@/parts/table"
import { useMay } from "@/shell/door"
import { RunLinks } from "../workers/run-links"
import classes from "./queue.module.css"

type Pool = Schema["PoolView"]

/** Pools bound what steps use at once, over all runs: who holds their slots, and who waits for them. */
export function Pools() {
  const pools = api.useQuery("get", "/api/v1/pools")
  const may = useMay("editor")
  const [changed, setChanged] = useState<Pool | null>(null)
  const columns: Column<Pool>[] = [
    { id: "name", title: "Pool", width: "minmax(120px, 1.4fr)", cell: (pool) => pool.name },
    { id: "slots", title: "Slots", width: "minmax(120px, 2fr)", cell: (pool) => <Slots pool={pool} /> },
    {
      id: "used",
      title: "In use",
      width: "90px",
      align: "right",
      cell: (pool) => `${pool.used} of ${pool.slots}`,
    },
    {
      id: "holders",
      title: "Held by",
      width: "minmax(150px, 2.4fr)",
      cell: (pool) => <Runs runs={pool.holders.map((each) => each.run)} none="nobody" />,
    },
    {
      id: "waiting",
      title: "Waits",
      width: "minmax(120px, 2fr)",
      cell: (pool) => <Runs runs={pool.waiting.map((each) => each.run)} none="nobody" />,
    },
    {
      id: "act",
      title: "",
      width: "96px",
      align: "right",
      cell: (pool) =>
        may && (
          <Button size="compact-xs" variant="default" onClick={() => setChanged(pool)}>
            Change
          </Button>
        ),
    },
  ]
  return (
    <Section title="Pools" note="what steps may use at once, over all runs">
      <Panel>
        <Loaded query={pools}>
          {({ items }) => (
            <Table
              label="Pools"
              columns={columns}
              rows={items}
              rowKey={(pool) => pool.name}
              empty={
                <Empty title="No pools.">
                  A step that names a pool (<code>pool="vendor"</code>) takes slots of it while it runs;{" "}
                  <code>[pools]</code> in weft.toml says how many there are.
                </Empty>
              }
            />
          )}
        </Loaded>
      </Panel>
      {changed && <Change pool={changed} onClose={() => setChanged(null)} />}
    </Section>
  )
}

/** Most slots that are drawn one by one. */
const DRAWN = 24

function Slots({ pool }: { pool: Pool }) {
  if (pool.slots === 0) return <StateWord state="paused">paused</StateWord>
  const boxes = Math.min(pool.slots, DRAWN)
  const used = pool.slots > DRAWN ? Math.ceil((pool.used / pool.slots) * DRAWN) : pool.used
  return (
    <span className={classes.slots} role="img" aria-label={`${pool.used} of ${pool.slots} slots are in use`}>
      {Array.from({ length: boxes }, (_, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: slots are all alike
        <i key={at} data-used={at < used || undefined} />
      ))}
    </span>
  )
}

function Runs({ runs, none }: { runs: readonly string[]; none: string }) {
  const each = [...new Set(runs)]
  return each.length === 0 ? <span className={classes.note}>{none}</span> : <RunLinks runs={each} most={3} />
}

function Change({ pool, onClose }: { pool: Pool; onClose: () => void }) {
  const [slots, setSlots] = useState<number | string>(pool.slots)
  const change = api.useMutation("put", "/api/v1/pools/{name}", { meta: { quiet: true }, onSuccess: onClose })
  const send = (value: number | null) =>
    change.mutate({ params: { path: { name: pool.name } }, body: { slots: value } })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (typeof slots === "number") send(slots)
  }
  return (
    <Modal opened onClose={onClose} title={`Slots of ${pool.name}`} size="sm">
      <form onSubmit={submit}>
        <NumberInput
          label="Slots"
          description="Steps that hold slots keep them; with fewer, new ones wait until enough are given back. 0 lets nothing new start."
          value={slots}
          onChange={setSlots}
          min={0}
          max={1_000_000}
          allowDecimal={false}
          data-autofocus
        />
        {change.error && <Refusal problem={asProblem(change.error)} />}
        <p className={classes.actions} style={{ marginTop: 16 }}>
          {pool.configured !== null && pool.configured !== pool.slots && (
            <Button variant="default" onClick={() => send(null)}>
              Back to {pool.configured}, as configured
            </Button>
          )}
          <Button type="submit" disabled={typeof slots !== "number"} loading={change.isPending}>
            Change
          </Button>
        </p>
      </form>
    </Modal>
  )
}
