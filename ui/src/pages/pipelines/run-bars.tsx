import { Link } from "@tanstack/react-router"
import { absolute, duration, useClock } from "@/parts/clock"
import { runPath } from "@/shell/links"
import { runState, stateOf } from "@/theme/states"
import { barsOf, type RunInShort } from "./figures"
import classes from "./pipelines.module.css"

const HEIGHT = 20

/** The last runs, the newest at the right: as high as it took long, in the colour and with the mark of how it ended. */
export function RunBars({ runs, count = 20 }: { runs: readonly RunInShort[]; count?: number }) {
  const { zone } = useClock()
  if (runs.length === 0) return <span className={classes.faint}>never run</span>
  return (
    <span className={classes.bars} style={{ height: HEIGHT }}>
      {barsOf(runs, count, HEIGHT).map(({ run, height }) => {
        const state = runState(run)
        const { family, label } = stateOf(state)
        const told = [
          run.partition ?? run.id.slice(0, 8),
          label,
          run.seconds === null ? null : duration(run.seconds),
          run.created_at && absolute(new Date(run.created_at), zone, "minute"),
        ]
          .filter(Boolean)
          .join(" · ")
        return (
          <Link
            key={run.id}
            to={runPath(run.id)}
            title={told}
            aria-label={`Run ${told}`}
            className={classes.bar}
            data-family={family}
            tabIndex={-1}
          >
            <span
              style={{
                height,
                background: `var(--${family === "fresh" ? "fresh-soft" : family})`,
              }}
            />
          </Link>
        )
      })}
    </span>
  )
}
