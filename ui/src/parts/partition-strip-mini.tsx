import { useMemo } from "react"
import { stateOf } from "@/theme/states"
import classes from "./partition-strip.module.css"
import { gathered, type Stretch } from "./partition-strip-window"

interface MiniProps {
  readonly stretches: readonly Stretch[]
  readonly start: number
  readonly stop: number
  /** What it says to those who don't see it: "288 fresh, 3 failed". */
  readonly label: string
  readonly height?: number
  /** How many columns it has at most. */
  readonly columns?: number
}

/** A strip for lists and cards: at most some dozen rectangles, without any way to act on it. */
export function MiniStrip({ stretches, start, stop, label, height = 8, columns = 80 }: MiniProps) {
  const drawn = useMemo(
    () => (stop > start ? gathered(stretches, { start, stop }, Math.min(columns, stop - start)) : []),
    [stretches, start, stop, columns],
  )
  const width = Math.max(1, Math.min(columns, stop - start))
  return (
    <svg
      className={classes.mini}
      height={height}
      viewBox={`0 0 ${width} 1`}
      preserveAspectRatio="none"
      role="img"
      aria-label={label}
    >
      {drawn.map((each) => {
        const { family } = stateOf(each.status)
        const pale = family === "fresh" || family === "missing"
        return (
          <rect
            key={each.start}
            x={each.start}
            width={each.stop - each.start}
            height={1}
            fill={`var(--${family}${pale ? "-soft" : ""})`}
          />
        )
      })}
    </svg>
  )
}
