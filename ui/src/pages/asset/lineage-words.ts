/** The lineage of an asset as a graph and as two sides. */
import type { Schema } from "@/api/client"
import type { GraphEdge, GraphNode } from "@/graph/types"
import { standingOf, standingWords } from "@/parts/standing"

type Lineage = Schema["LineageView"]
type Node = Lineage["nodes"][number]

export function graphOf(lineage: Lineage): { nodes: GraphNode[]; edges: GraphEdge[] } {
  return {
    nodes: lineage.nodes.map((each) => ({
      id: each.id,
      name: each.name,
      state: standingOf(each),
      stateWords: standingWords(each),
      counts: each.counts,
      ...(each.strip?.length ? { strip: each.strip as [string, number][] } : {}),
      more: each.has_more,
      shape: each.kind === "pipeline" ? "round" : "card",
      ...(each.group !== "default" ? { group: each.group } : {}),
      ...(each.owners.length > 0 ? { note: each.owners.join(", ") } : {}),
    })),
    edges: lineage.edges.map((each) => ({
      from: each.from,
      to: each.to,
      label: mappingWords(each.mapping),
    })),
  }
}

export interface Neighbour {
  readonly node: Node
  readonly mapping: string
  /** One hop away, so that the mapping is of their partitions. */
  readonly near: boolean
}

/** What is above an asset and what is below it, near ones first. */
export function sides(lineage: Lineage, key: string): { above: Neighbour[]; below: Neighbour[] } {
  const id = `asset:${key}`
  const nodes = new Map(lineage.nodes.map((each) => [each.id, each]))
  const walk = (up: boolean): Neighbour[] => {
    const found = new Map<string, Neighbour>()
    let edge = [id]
    for (let near = true; edge.length > 0; near = false) {
      const next: string[] = []
      for (const each of lineage.edges) {
        const [here, there] = up ? [each.to, each.from] : [each.from, each.to]
        const node = nodes.get(there)
        if (!edge.includes(here) || !node || there === id || found.has(there)) continue
        found.set(there, { node, mapping: each.mapping, near })
        next.push(there)
      }
      edge = next
    }
    return [...found.values()]
  }
  return { above: walk(true), below: walk(false) }
}

const MAPPINGS: Readonly<Record<string, string>> = {
  "": "",
  IdentityMapping: "each partition from the same one",
  TimeWindowMapping: "by windows of time",
  DimensionMapping: "dimension by dimension",
  AllMapping: "each from all partitions",
  AllPartitionsMapping: "each from all partitions",
  LastPartitionMapping: "each from the last partition",
  StaticMapping: "as a table says",
}

/** How partitions of one relate to those of the other. */
export function mappingWords(mapping: string): string {
  return (
    MAPPINGS[mapping] ??
    mapping
      .replace(/Mapping$/, "")
      .replaceAll(/([a-z])([A-Z])/g, "$1 $2")
      .toLowerCase()
  )
}
