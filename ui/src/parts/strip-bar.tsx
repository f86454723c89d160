import { stateOf } from "@/theme/states"
import classes from "./strip-bar.module.css"

interface StripBarProps {
  /** States along the partitions, each over so many columns, as the API has them. */
  readonly strip: ReadonlyArray<readonly [state: string, columns: number]>
  readonly counts: Readonly<Record<string, number>>
}

/** The partitions of an asset in a line, for lists. What is fresh is pale; of several states the worst is seen. */
export function StripBar({ strip, counts }: StripBarProps) {
  const total = strip.reduce((sum, [, columns]) => sum + columns, 0)
  const said = Object.entries(counts)
    .filter((each) => each[1] > 0)
    .map(([word, count]) => `${count.toLocaleString("en-GB")} ${stateOf(word).label}`)
    .join(", ")
  let x = 0
  return (
    <svg
      className={classes.strip}
      viewBox={`0 0 ${total} 1`}
      preserveAspectRatio="none"
      role="img"
      aria-label={said}
    >
      <title>{said}</title>
      {strip.map(([state, columns]) => {
        const start = x
        x += columns
        if (!state) return null
        const { family } = stateOf(state)
        const pale = family === "fresh" || family === "missing"
        return (
          <rect
            key={start}
            x={start}
            width={columns}
            height={1}
            fill={`var(--${family}${pale ? "-soft" : ""})`}
          />
        )
      })}
    </svg>
  )
}
