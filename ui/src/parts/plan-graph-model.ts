/** A plan as nodes and edges: a node for each step, though several lines of it have different causes. */
import type { GraphEdge, GraphNode } from "@/graph/types"
import { duration } from "./clock"
import { MARKS, type Row } from "./plan-words"

export type Kind = Row["kind"]

/** From the one that says most: of a step with several lines it is shown. */
const WORST: readonly Row["mark"][] = ["!", "-", "x", "?", "~", "+", "*", "▶", "="]

export function graphOf(rows: readonly Row[]): {
  nodes: readonly GraphNode[]
  edges: readonly GraphEdge[]
  kinds: ReadonlyMap<string, Kind>
} {
  const byName = new Map<string, Row[]>()
  for (const row of rows) byName.set(row.name, [...(byName.get(row.name) ?? []), row])
  const nodes = [...byName].map(([name, own]): GraphNode => {
    const marks = own
      .map((row) => row.mark)
      .toSorted((one, other) => WORST.indexOf(one) - WORST.indexOf(other))
    const count = own.reduce((sum, row) => sum + row.count, 0)
    const seconds = own.reduce((sum, row) => sum + row.estimate_seconds, 0)
    const [first] = own
    return {
      id: name,
      name,
      state: MARKS[marks[0] ?? "="].state,
      note: [
        own.length === 1 && first?.partitions
          ? first.partitions
          : count > 1
            ? `${count.toLocaleString("en-GB")} partitions`
            : "",
        seconds >= 0.001 ? duration(seconds) : "",
      ]
        .filter(Boolean)
        .join(" · "),
      counts: countsOf(own),
      shape: first?.kind === "asset" ? "card" : "round",
    }
  })
  const edges = new Map<string, GraphEdge>()
  for (const row of rows)
    for (const from of row.after)
      if (byName.has(from) && from !== row.name) edges.set(`${from} ${row.name}`, { from, to: row.name })
  return { nodes, edges: [...edges.values()], kinds: new Map(rows.map((row) => [row.name, row.kind])) }
}

function countsOf(rows: readonly Row[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {}
  for (const row of rows) {
    const { state } = MARKS[row.mark]
    counts[state] = (counts[state] ?? 0) + row.count
  }
  return counts
}
