import { Checkbox, VisuallyHidden } from "@mantine/core"
import { useMemo } from "react"
import type { Schema } from "@/api/client"
import { standingOf, standingWords } from "@/parts/standing"
import { StateWord } from "@/parts/state-mark"
import { type Column, Table } from "@/parts/table"
import { Time } from "@/parts/time"
import { assetPath, pipelinePath } from "@/shell/links"
import classes from "./lineage.module.css"

type Node = Schema["NodeView"]

interface AsListProps {
  readonly data: Schema["LineageView"]
  readonly selected: ReadonlySet<string>
  readonly onSelect: (id: string | null, add: boolean) => void
  readonly find: string
}

/** The graph as a table, each node after what it is made from, with what it reads and what reads it by name. */
export function AsList({ data, selected, onSelect, find }: AsListProps) {
  const near = useMemo(() => {
    const names = new Map(data.nodes.map((each) => [each.id, each.name]))
    const found = new Map<string, { above: string[]; below: string[] }>()
    const of = (id: string) => {
      const known = found.get(id) ?? { above: [], below: [] }
      found.set(id, known)
      return known
    }
    for (const edge of data.edges) {
      of(edge.to).above.push(names.get(edge.from) ?? edge.from)
      of(edge.from).below.push(names.get(edge.to) ?? edge.to)
    }
    return found
  }, [data])
  const rows = useMemo(() => {
    const text = find.trim().toLowerCase()
    const shown = text ? data.nodes.filter((each) => each.name.toLowerCase().includes(text)) : [...data.nodes]
    return shown.sort((a, b) => a.rank - b.rank)
  }, [data, find])
  const columns = useMemo<Column<Node>[]>(
    () => [
      {
        id: "on",
        title: <VisuallyHidden>Selected</VisuallyHidden>,
        width: "20px",
        cell: (node) => (
          <Checkbox
            aria-label={`Select ${node.name}`}
            checked={selected.has(node.id)}
            onChange={() => onSelect(node.id, true)}
          />
        ),
      },
      {
        id: "name",
        title: "Name",
        width: "minmax(180px, 1.4fr)",
        cell: (node) => <strong>{node.name}</strong>,
      },
      {
        id: "state",
        title: "State",
        width: "150px",
        cell: (node) => <StateWord state={standingOf(node)}>{standingWords(node)}</StateWord>,
      },
      { id: "group", title: "Group", width: "minmax(90px, 0.7fr)", cell: (node) => node.group || node.kind },
      {
        id: "above",
        title: "Reads",
        width: "minmax(140px, 1.3fr)",
        cell: (node) => said(near.get(node.id)?.above),
      },
      {
        id: "below",
        title: "Read by",
        width: "minmax(140px, 1.3fr)",
        cell: (node) => said(near.get(node.id)?.below),
      },
      {
        id: "made",
        title: "Last made",
        width: "110px",
        align: "right",
        cell: (node) => <Time at={node.last_success} />,
      },
    ],
    [selected, onSelect, near],
  )
  return (
    <div className={classes.table} id="lineage-list">
      <Table
        label="Lineage as a list"
        columns={columns}
        rows={rows}
        rowKey={(node) => node.id}
        href={(node) => (node.id.startsWith("asset:") ? assetPath(node.name) : pipelinePath(node.name))}
      />
    </div>
  )
}

function said(names: readonly string[] | undefined) {
  if (!names?.length) return "–"
  return <span title={names.slice(0, 40).join("\n")}>{names.slice(0, 12).join(", ")}</span>
}
