import { Button } from "@mantine/core"
import { Link } from "@tanstack/react-router"
import { useState } from "react"
import { StateMark } from "@/parts/state-mark"
import { runPath } from "@/shell/links"
import { runState } from "@/theme/states"
import { cellAt, type Run } from "./cells"
import { countWords } from "./draw"
import classes from "./grid.module.css"
import { type GridRow, isFolder } from "./rows"

/** How many of the newest runs the table has; the drawing has all. */
export const TABLE_RUNS = 25

/** How many rows it has at first, and by how many more it grows. */
const TABLE_ROWS = 300

/** The same as the drawing in words, for the newest runs: one column each. */
export function GridTable({
  runs,
  rows,
  name,
  onFold,
}: {
  runs: readonly Run[]
  rows: readonly GridRow[]
  name: string
  onFold: (row: GridRow) => void
}) {
  const [most, setMost] = useState(TABLE_ROWS)
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
          {rows.slice(0, most).map((row) => (
            <tr key={row.id}>
              <th scope="row" style={{ paddingLeft: 10 + row.depth * 14 }}>
                {isFolder(row) ? (
                  <button type="button" aria-expanded={!row.folded} onClick={() => onFold(row)}>
                    {row.name}
                  </button>
                ) : (
                  row.name
                )}
              </th>
              {shown.map((run) => {
                const cell = row.kind === "note" ? null : cellAt(run, row)
                return (
                  <td key={run.run.id}>
                    {cell ? (
                      <>
                        <StateMark state={cell.state} label="" /> {countWords(cell.counts)}
                      </>
                    ) : cell === undefined ? (
                      "…"
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
      {rows.length > most && (
        <Button variant="subtle" size="compact-sm" onClick={() => setMost(most + TABLE_ROWS)}>
          Show {Math.min(TABLE_ROWS, rows.length - most).toLocaleString("en")} more of{" "}
          {rows.length.toLocaleString("en")} rows
        </Button>
      )}
    </section>
  )
}
