/** Folding: what stands on the drawing where some groups are shown as one node each. */
import { WORST_FIRST } from "@/theme/states"
import type { GraphEdge, GraphNode, Item } from "./types"

/** An item in the place of a folded group. */
export function groupId(group: string): string {
  return `group:${group}`
}

export interface Folded {
  readonly items: readonly Item[]
  /** Without doubles, and without those within one item. */
  readonly edges: readonly GraphEdge[]
  /** The item in which each node is, by the node's id. */
  readonly itemOf: ReadonlyMap<string, string>
}

export function fold(
  nodes: readonly GraphNode[],
  edges: readonly GraphEdge[],
  folded: ReadonlySet<string> = new Set(),
): Folded {
  const items: Item[] = []
  const itemOf = new Map<string, string>()
  const gathered = new Map<string, GraphNode[]>()
  for (const node of nodes) {
    const { group } = node
    if (group && folded.has(group)) {
      const own = gathered.get(group)
      itemOf.set(node.id, groupId(group))
      if (own) {
        own.push(node)
        continue
      }
      gathered.set(group, [node])
      // filled in below; its place is where its first node was
      items.push({ id: groupId(group), name: group, folds: group, size: 0 })
    } else {
      itemOf.set(node.id, node.id)
      items.push({ ...node, size: 1 })
    }
  }
  const filled = items.map((item) =>
    item.folds === undefined ? item : groupItem(item.folds, gathered.get(item.folds) ?? []),
  )
  const seen = new Map<string, Set<string>>()
  const kept: GraphEdge[] = []
  for (const edge of edges) {
    const from = itemOf.get(edge.from)
    const to = itemOf.get(edge.to)
    if (from === undefined || to === undefined || from === to) continue
    const ends = seen.get(from) ?? new Set()
    if (ends.has(to)) continue
    ends.add(to)
    seen.set(from, ends)
    kept.push(from === edge.from && to === edge.to ? edge : { from, to })
  }
  return { items: filled, edges: kept, itemOf }
}

function groupItem(group: string, members: readonly GraphNode[]): Item {
  const counts: Record<string, number> = {}
  for (const { state } of members) if (state) counts[state] = (counts[state] ?? 0) + 1
  const state = worst(Object.keys(counts))
  const hue = members[0]?.hue
  return {
    id: groupId(group),
    name: group,
    folds: group,
    size: members.length,
    note: `${members.length} ${members.length === 1 ? "node" : "nodes"}`,
    counts,
    ...(state === undefined ? {} : { state }),
    ...(members.some((each) => each.more) ? { more: true } : {}),
    ...(hue !== undefined && members.every((each) => each.hue === hue) ? { hue } : {}),
  }
}

/** The state that decides how several are shown together. */
export function worst(states: readonly string[]): string | undefined {
  return WORST_FIRST.find((each) => states.includes(each)) ?? states[0]
}

/** The groups of the nodes, each with its number of them, in the order in which they come. */
export function groupsOf(nodes: readonly GraphNode[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  for (const { group } of nodes) if (group) counts.set(group, (counts.get(group) ?? 0) + 1)
  return counts
}
