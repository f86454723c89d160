import { Button, Tooltip } from "@mantine/core"
import { useState } from "react"
import { PlanDrawer } from "@/parts/plan-drawer"
import { useMay } from "@/shell/door"
import { AcceptAll } from "./accept-all"
import classes from "./assets.module.css"

interface BulkProps {
  readonly count: number
  readonly total: number
  /** What is chosen, as a selection. */
  readonly select: string
  readonly all: boolean
  /** Why not all that match can be taken, if so. */
  readonly notAll: string | null
  readonly act: Act | null
  readonly setAct: (act: Act | null) => void
  readonly onAll: () => void
  readonly onClear: () => void
}

export type Act = "plan" | "materialize" | "accept"

/** What can be done with the assets that are chosen. Each first shows what it would do, with its count. */
export function Bulk(props: BulkProps) {
  const { count, total, select, all, notAll, act, setAct, onAll, onClear } = props
  const operator = useMay("operator")
  const editor = useMay("editor")
  // what was asked for stays as it was, whatever is chosen while it is open
  const [asked, setAsked] = useState({ select, count })
  if (act === null && (asked.select !== select || asked.count !== count)) setAsked({ select, count })
  const what = asked.count === 1 ? "1 asset" : `${asked.count.toLocaleString("en-GB")} assets`
  return (
    <>
      {count > 0 && (
        <div className={classes.bulk} role="toolbar" aria-label="What is chosen">
          <strong>{count.toLocaleString("en-GB")} chosen</strong>
          {!all && count < total && (
            <Tooltip label={notAll} disabled={notAll === null}>
              <button type="button" className={classes.more} disabled={notAll !== null} onClick={onAll}>
                choose all {total.toLocaleString("en-GB")} that match
              </button>
            </Tooltip>
          )}
          <button type="button" className={classes.more} onClick={onClear}>
            clear
          </button>
          <span className={classes.grow} />
          <Tooltip label="Asks for the role editor" disabled={editor}>
            <Button variant="default" disabled={!editor} onClick={() => setAct("accept")}>
              Accept…
            </Button>
          </Tooltip>
          <Tooltip label="Asks for the role operator" disabled={operator}>
            <Button variant="default" disabled={!operator} onClick={() => setAct("materialize")}>
              Materialize…
            </Button>
          </Tooltip>
          <Button onClick={() => setAct("plan")}>Plan</Button>
        </div>
      )}
      <PlanDrawer
        opened={act === "plan"}
        onClose={() => setAct(null)}
        select={asked.select}
        title={`Plan ${what}`}
      />
      <PlanDrawer
        opened={act === "materialize"}
        onClose={() => setAct(null)}
        select={asked.select}
        exact
        title={`Materialize ${what}, whatever their state`}
      />
      {act === "accept" && (
        <AcceptAll select={asked.select} count={asked.count} onClose={() => setAct(null)} />
      )}
    </>
  )
}
