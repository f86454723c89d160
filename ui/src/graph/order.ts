/** The order of vertices within their layers: depth first to begin with, then by barycentres. */
import type { Layers } from "./layered"

/** Put vertices into their layers as a walk along the edges meets them: what belongs together comes near each other. */
export function depthFirst({ order, rank, above, below }: Layers): void {
  const seen = new Uint8Array(rank.length)
  const lists: number[][] = order.map(() => [])
  const starts = order.flat()
  for (const start of starts) {
    const stack = [start]
    while (stack.length > 0) {
      const vertex = stack.pop() as number
      if (seen[vertex]) continue
      seen[vertex] = 1
      lists[rank[vertex] as number]?.push(vertex)
      // what is pushed last comes first: the readers in their order, and before them what else they read
      for (const near of [above[vertex] ?? [], below[vertex] ?? []])
        for (let at = near.length - 1; at >= 0; at -= 1)
          if (!seen[near[at] as number]) stack.push(near[at] as number)
    }
  }
  for (const [at, list] of lists.entries()) order[at] = list
}

/** One pass over the layers, down or up: each vertex to the mean place of its neighbours in the layer before. */
export function sweep(layers: Layers, position: Int32Array, down: boolean): void {
  const { order, above, below } = layers
  const weight = new Float64Array(position.length)
  for (let turn = 1; turn < order.length; turn += 1) {
    const layer = order[down ? turn : order.length - 1 - turn] as number[]
    for (const vertex of layer) {
      const near = (down ? above[vertex] : below[vertex]) as number[]
      let sum = 0
      for (const each of near) sum += position[each] as number
      weight[vertex] = near.length > 0 ? sum / near.length : (position[vertex] as number)
    }
    layer.sort(
      (a, b) =>
        (weight[a] as number) - (weight[b] as number) || (position[a] as number) - (position[b] as number),
    )
    for (let at = 0; at < layer.length; at += 1) position[layer[at] as number] = at
  }
}

/** How many pairs of edges between neighbouring layers cross. */
export function crossings({ order, below }: Layers, position: Int32Array): number {
  let count = 0
  for (let at = 0; at + 1 < order.length; at += 1) {
    const size = order[at + 1]?.length ?? 0
    // a Fenwick tree over the places in the right layer: how many edges end at or before each
    const tree = new Int32Array(size + 1)
    let total = 0
    for (const vertex of order[at] as number[]) {
      const ends = (below[vertex] as number[]).map((each) => position[each] as number)
      for (const end of ends) {
        let before = 0
        for (let node = end + 1; node > 0; node -= node & -node) before += tree[node] as number
        count += total - before
      }
      for (const end of ends) {
        for (let node = end + 1; node <= size; node += node & -node) tree[node] = (tree[node] as number) + 1
        total += 1
      }
    }
  }
  return count
}
