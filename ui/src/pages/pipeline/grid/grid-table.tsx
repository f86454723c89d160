import { Link } from "@tanstack/react-router"
import { StateMark } from "@/parts/state-mark"
import { runPath } from "@/shell/links"
import { runState } from "@/theme/states"
import { cellOf, type Run } from "./cells"
import { countWords } from "./draw"
import classes from "./grid.module.css"
import type { GridRow } from "./rows"

/** How many of the newest runs the table has; the drawing has all. */
export const TABLE_RUNS = 25

/** The same as the drawing in words, for the newest runs: one column each. */
export function GridTable({
  runs,
  rows,
  name,
}: {
  runs: readonly Run[]
  rows: readonly GridRow[]
  name: string
}) {
  const shown = runs.slice(-TABLE_RUNS).toReversed()
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: an area that scrolls must be reached by keys
    <section className={classes.table} aria-label="Runs and steps as a table" tabIndex={0}>
      <table>
        <thead>
          <tr>
            <th scope="col">Step of {name}</th>
            {shown.map(({ run }) => (
              <th key={run.id} scope="col">
                <Link to={runPath(run.id)}>
                  <StateMark state={runState(run)} /> {run.partition ?? run.id.slice(0, 8)}
                </Link>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.id}>
              <th scope="row" style={{ paddingLeft: 10 + row.depth * 14 }}>
                {row.name}
              </th>
              {shown.map((run) => {
                const cell = cellOf(run, row.tasks)
                return (
                  <td key={run.run.id}>
                    {cell ? (
                      <>
                        <StateMark state={cell.state} label="" /> {countWords(cell.counts)}
                      </>
                    ) : (
                      "–"
                    )}
                  </td>
                )
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}
