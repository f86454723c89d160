import { useEffect, useState } from "react"
import { type Owner, useKeysOf } from "./partition-owner"
import classes from "./partition-strip.module.css"
import { StateWord } from "./state-mark"

interface TipProps {
  readonly owner: Owner
  readonly ordinal: number
  readonly x: number
  readonly width: number
  /** Said to screen readers: where the keyboard is, not where the pointer is. */
  readonly aloud: boolean
  readonly y?: number
  /** What is to be said beside it. */
  readonly note?: string
}

/** The key and the status of the partition under the pointer. */
export function PartitionTip({ owner, ordinal, x, width, aloud, y = 0, note }: TipProps) {
  const [settled, setSettled] = useState(ordinal)
  useEffect(() => {
    const due = setTimeout(() => setSettled(ordinal), 40)
    return () => clearTimeout(due)
  }, [ordinal])
  const page = useKeysOf(owner, { start: settled, limit: 1 })
  const one = page.data?.items[0]
  if (!one || one.ordinal !== ordinal) return null
  return (
    <div
      className={classes.tip}
      style={{ left: Math.min(Math.max(x, 90), Math.max(90, width - 90)), top: y }}
      aria-live={aloud ? "polite" : "off"}
    >
      <strong>{one.key}</strong>
      {one.status ? <StateWord state={one.status} /> : <StateWord state="never">never run</StateWord>}
      {note && <span className={classes.note}>{note}</span>}
    </div>
  )
}
