/** What a graph is drawn from. Assets, tasks and steps of a plan are all given like this. */

/** What became of a step or an edge from one version to another. */
export type Change = "added" | "removed" | "changed" | "same"

export interface GraphNode {
  /** Unique in the graph. */
  readonly id: string
  readonly name: string
  /** A state's word, or none where there is no state: it is drawn as a mark, and as colour from far away. */
  readonly state?: string
  /** In place of the state's own word, as `3 stale` or `overdue since 02:13`. */
  readonly stateWords?: string
  /** Nodes of a group stand together, and fold into one. */
  readonly group?: string
  /** A second line: owner, kind, duration. */
  readonly note?: string
  /** Small words at its foot: `sql`, `duckdb`, `mapped × 12`. */
  readonly chips?: readonly string[]
  /** Where it comes from, if that is another system or code location. */
  readonly system?: string
  /** How many partitions are in which state, for a bar at its foot. */
  readonly counts?: Readonly<Record<string, number>>
  /** States along the partitions' order: a mini strip in place of the counts' bar. */
  readonly strip?: ReadonlyArray<readonly [state: string, count: number]>
  /** It has neighbours that are not in the graph. */
  readonly more?: boolean
  /** `round` for pipelines, tasks and other work, as against data. */
  readonly shape?: "card" | "round"
  /** A colour in place of the state's, as an index of `hues`: for colouring by group, owner or location. */
  readonly hue?: number
  /** Where two versions are compared: it has a mark for this in place of a state's. */
  readonly change?: Change
}

export interface GraphEdge {
  readonly from: string
  readonly to: string
  /** What is said of it when it is pointed at: the mapping of partitions. */
  readonly label?: string
  /** Order without data. */
  readonly dashed?: boolean
  readonly change?: Change
}

/** What stands on the drawing: a node, or a folded group in the place of its nodes. */
export interface Item extends GraphNode {
  /** The group that it stands for, if it is a folded one. */
  readonly folds?: string
  /** How many nodes are in it; 1 for a node. */
  readonly size: number
}

export interface FlowGraphProps {
  readonly nodes: readonly GraphNode[]
  readonly edges: readonly GraphEdge[]
  /** What it is, for screen readers. */
  readonly label: string
  /** Groups that are shown as one node. Without `onFold` groups cannot be folded. */
  readonly folded?: ReadonlySet<string>
  readonly onFold?: (group: string, folded: boolean) => void
  /** Frames around the nodes of a group. By default where there is more than one group. */
  readonly frames?: boolean
  readonly selected?: ReadonlySet<string>
  /** What was chosen by a click or keys; `add` where it is to be added to what is selected. */
  readonly onSelect?: (id: string | null, add: boolean) => void
  /** Opened by a double click or Enter. */
  readonly onOpen?: (id: string) => void
  /** Brought into the middle when it changes. */
  readonly focus?: string | null
  /** What is seen, as `onPlace` gave it; the whole graph where it is empty or no place in this graph. */
  readonly place?: string
  /** Called once the view has rested after a move: with what is seen, empty where that is the whole graph again. */
  readonly onPlace?: (place: string) => void
  /** Nodes whose names have this text stand out. */
  readonly search?: string
  /** `auto`: cards of the DOM below 300 nodes, a canvas above. */
  readonly renderer?: "auto" | "cards" | "canvas"
  /** Leave out the buttons for zoom, as in small panels. */
  readonly plain?: boolean
  /** Called once the first picture stands, with what it took in milliseconds. */
  readonly onDrawn?: (took: { layout: number; draw: number }) => void
}

/** Sizes of a card in the drawing's own units, which are pixels at zoom 1. */
export const CARD = { width: 224, height: 66, small: 40 } as const
