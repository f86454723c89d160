/** What the lineage page shows, as it is in its URL, and the graph that follows from it. */
import type { Schema } from "@/api/client"
import type { GraphEdge, GraphNode } from "@/graph/types"
import { quoted } from "@/parts/selection-terms"
import { standingOf, standingWords } from "@/parts/standing"
import { flag, list, number, oneOf, text } from "@/shell/url-state"

export const HUES = 8
/** From so many nodes on groups are folded unless one says otherwise. */
export const FOLD_FROM = 300

export const fields = {
  select: text(),
  /** An asset or pipeline in the middle, with so many hops around it. */
  focus: text(),
  up: number(2, 0, 1000),
  down: number(2, 0, 1000),
  groups: oneOf(["auto", "folded", "open", "none"], "auto"),
  /** The groups that are the other way round. */
  flip: list(),
  colour: oneOf(["status", "group", "owner", "location"], "status"),
  find: text(),
  /** What is selected. */
  on: list(),
  list: flag(),
  /** What is seen of the graph; kept by `useCamera`. */
  camera: text(),
}

/** So many nodes at most. */
const MOST = 20_000

/** What the API is asked for by what the page shows. */
export function askOf(view: { focus: string; select: string; up: number; down: number }) {
  if (view.focus) return { select: quoted(view.focus), up: view.up, down: view.down, limit: MOST }
  return { ...(view.select ? { select: view.select } : {}), limit: MOST }
}

type Node = Schema["NodeView"]
type Colour = "status" | "group" | "owner" | "location"

function shownBy(colour: Colour, node: Node): string {
  if (colour === "group") return node.group
  if (colour === "owner") return node.owners[0] ?? ""
  return node.location ?? ""
}

/** What the colours mean: values, the commonest first, with their hues; those beyond the last share it. */
export function huesOf(nodes: readonly Node[], colour: Colour): ReadonlyMap<string, number> {
  if (colour === "status") return new Map()
  const counts = new Map<string, number>()
  for (const node of nodes) {
    const value = shownBy(colour, node)
    if (value) counts.set(value, (counts.get(value) ?? 0) + 1)
  }
  const ordered = [...counts].sort((a, b) => b[1] - a[1] || a[0].localeCompare(b[0]))
  return new Map(ordered.map(([value], at) => [value, Math.min(at, HUES - 1)]))
}

export function graphOf(
  { nodes, edges }: Schema["LineageView"],
  colour: Colour,
): { nodes: GraphNode[]; edges: GraphEdge[] } {
  const hues = huesOf(nodes, colour)
  const several = new Set(nodes.map((each) => each.location)).size > 1
  return {
    nodes: nodes.map((node) => {
      const asset = node.id.startsWith("asset:")
      const hue = hues.get(shownBy(colour, node))
      return {
        id: node.id,
        name: node.name,
        state: asset ? standingOf(node) : node.status || undefined,
        stateWords: asset ? standingWords(node) : undefined,
        note: asset ? (node.kind === "asset" ? node.owners[0] : node.kind) : node.kind,
        chips: node.kinds,
        more: node.has_more,
        strip: node.strip as Array<[string, number]>,
        shape: asset ? ("card" as const) : ("round" as const),
        ...(node.group ? { group: node.group } : {}),
        ...(several && node.location ? { system: node.location } : {}),
        ...(hue === undefined ? {} : { hue }),
      }
    }),
    edges: edges.map((each) => ({ from: each.from, to: each.to, label: each.mapping })),
  }
}

/** The groups that are folded: all or none by the mode, but for those that were flipped by hand. */
export function foldedOf(
  groups: ReadonlyMap<string, number>,
  nodes: number,
  mode: "auto" | "folded" | "open" | "none",
  flip: readonly string[],
): ReadonlySet<string> {
  const all = foldsAll(groups, nodes, mode)
  const other = new Set(flip)
  return new Set(mode === "none" ? [] : [...groups.keys()].filter((each) => other.has(each) !== all))
}

export function foldsAll(groups: ReadonlyMap<string, number>, nodes: number, mode: string): boolean {
  return mode === "folded" || (mode === "auto" && nodes >= FOLD_FROM && groups.size > 1)
}
