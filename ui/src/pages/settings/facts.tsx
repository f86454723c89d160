import type { ReactNode } from "react"
import classes from "./settings.module.css"

/** Names with what they are, one a line. */
export function Facts({
  facts,
}: {
  facts: ReadonlyArray<readonly [name: string, value: ReactNode, note?: string]>
}) {
  return (
    <dl className={classes.facts}>
      {facts.map(([name, value, note]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>
            {value}
            {note && <span className={classes.note}>{note}</span>}
          </dd>
        </div>
      ))}
    </dl>
  )
}
