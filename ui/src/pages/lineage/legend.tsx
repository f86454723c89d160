import type { GraphNode } from "@/graph/types"
import { StateMark } from "@/parts/state-mark"
import { stateOf, WORST_FIRST } from "@/theme/states"
import classes from "./lineage.module.css"
import { HUES } from "./view"

/** What the colours and marks mean, and how many nodes have each. */
export function Legend({ nodes, hues }: { nodes: readonly GraphNode[]; hues: ReadonlyMap<string, number> }) {
  if (hues.size > 0)
    return (
      <ul className={classes.legend} aria-label="Colours">
        {[...hues].slice(0, HUES).map(([value, hue]) => (
          <li key={value}>
            <span className={classes.hue} style={{ background: `var(--hue-${hue})` }} />
            {hue === HUES - 1 && hues.size > HUES ? `${hues.size - HUES + 1} others` : value}
          </li>
        ))}
      </ul>
    )
  const counts = new Map<string, number>()
  for (const { state } of nodes) if (state) counts.set(state, (counts.get(state) ?? 0) + 1)
  const place = (state: string) => {
    const found = (WORST_FIRST as readonly string[]).indexOf(state)
    return found < 0 ? WORST_FIRST.length : found
  }
  return (
    <ul className={classes.legend} aria-label="States">
      {[...counts]
        .sort((a, b) => place(a[0]) - place(b[0]))
        .map(([state, count]) => (
          <li key={state}>
            <StateMark state={state} label="" size={11} />
            {count.toLocaleString("en-GB")} {stateOf(state).label}
          </li>
        ))}
    </ul>
  )
}
