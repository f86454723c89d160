/**
 * Layered layout of one connected graph, from left to right.
 *
 * Ranks are longest paths, with sources pulled to where they are used. Edges over several ranks pass through dummies,
 * which all long edges of one source share, so that a hub with a thousand readers has one line out and not a thousand.
 * Order within ranks: depth first, then barycentre sweeps; the order with the fewest crossings is kept. Heights: exact
 * least squares with minimum gaps. A layout before (`seed`) decides the order unless a new one is much better, and
 * pulls nodes to where they were.
 */
import { crossings, depthFirst, sweep } from "./order"
import { settle } from "./settle"

export interface Sheet {
  readonly width: Float64Array
  readonly height: Float64Array
  readonly from: Int32Array
  readonly to: Int32Array
  /** Where an edge leaves and enters, from the middle of the item down. */
  readonly fromPort?: Float64Array
  readonly toPort?: Float64Array
  /** Middles of the layout before; NaN where there was none. */
  readonly seed?: Float64Array | undefined
}

export interface Drawn {
  /** Corners at the left top of the items. */
  readonly x: Float64Array
  readonly y: Float64Array
  readonly width: number
  readonly height: number
  /** x1, y1, x2, y2 of curves that leave and arrive level. */
  readonly segments: number[]
  /** The segments of each edge. */
  readonly paths: number[][]
}

export const GAP = { across: 60, down: 18, line: 9 } as const
/** Beyond so many dummies the longest edges are drawn through what is between. */
const MOST_DUMMIES = 60_000
const SWEEPS = 8
/** How much fewer crossings make a new order worth the moves. */
const WORTH = 0.75

/** A drawing that would be more than so many times as high as wide is stretched, each gap by at most so much. */
const SLENDER = 1.5
const MOST_STRETCH = 900

/** Layers as lists of vertices, and edges between neighbouring layers. Vertices from `real` on are dummies. */
export interface Layers {
  readonly real: number
  readonly rank: Int32Array
  readonly order: number[][]
  readonly above: number[][]
  readonly below: number[][]
}

export function layered(sheet: Sheet): Drawn {
  const real = sheet.width.length
  const { rank, reversed } = ranks(real, sheet.from, sheet.to)
  const { layers, hops } = layersOf(sheet, rank, reversed)
  const seeds = seedsOf(layers, sheet.seed)
  if (seeds)
    for (const layer of layers.order) layer.sort((a, b) => (seeds[a] ?? 0) - (seeds[b] ?? 0) || a - b)
  else depthFirst(layers)
  reorder(layers, seeds !== undefined)
  const ports = portsOf(layers, sheet, hops, reversed)
  const middle = settle(layers, sheet.height, ports, seeds)
  return draw(sheet, layers, middle, hops, reversed)
}

/** Longest paths, without edges that close a circle (which run against the order: `reversed`). */
export function ranks(
  count: number,
  from: Int32Array,
  to: Int32Array,
): { rank: Int32Array; reversed: Uint8Array } {
  const out = adjacency(count, from)
  const reversed = new Uint8Array(from.length)
  const seen = new Uint8Array(count)
  const next = new Int32Array(count)
  for (let start = 0; start < count; start += 1) {
    if (seen[start]) continue
    const stack = [start]
    seen[start] = 1
    while (stack.length > 0) {
      const node = stack[stack.length - 1] as number
      const edge = out[node]?.[next[node] as number]
      next[node] = (next[node] as number) + 1
      if (edge === undefined) {
        seen[node] = 2
        stack.pop()
        continue
      }
      const child = to[edge] as number
      if (seen[child] === 1) reversed[edge] = 1
      else if (seen[child] === 0) {
        seen[child] = 1
        stack.push(child)
      }
    }
  }
  const first = (edge: number) => (reversed[edge] ? to[edge] : from[edge]) as number
  const second = (edge: number) => (reversed[edge] ? from[edge] : to[edge]) as number
  const below: number[][] = Array.from({ length: count }, () => [])
  const waits = new Int32Array(count)
  for (let edge = 0; edge < from.length; edge += 1) {
    if (from[edge] === to[edge]) continue
    below[first(edge)]?.push(second(edge))
    waits[second(edge)] = (waits[second(edge)] as number) + 1
  }
  const rank = new Int32Array(count)
  const sources = [...waits.keys()].filter((node) => waits[node] === 0)
  const queue = [...sources]
  for (let at = 0; at < queue.length; at += 1) {
    const node = queue[at] as number
    for (const child of below[node] ?? []) {
      rank[child] = Math.max(rank[child] as number, (rank[node] as number) + 1)
      waits[child] = (waits[child] as number) - 1
      if (waits[child] === 0) queue.push(child)
    }
  }
  for (const node of sources) {
    const nearest = Math.min(...(below[node] ?? []).slice(0, 5000).map((child) => rank[child] as number))
    if (Number.isFinite(nearest)) rank[node] = nearest - 1
  }
  return { rank, reversed }
}

function adjacency(count: number, from: Int32Array): number[][] {
  const lists: number[][] = Array.from({ length: count }, () => [])
  for (let edge = 0; edge < from.length; edge += 1) lists[from[edge] as number]?.push(edge)
  return lists
}

interface Chains {
  readonly layers: Layers
  /** The vertices that each edge passes, from its left end to its right one. */
  readonly hops: number[][]
}

function layersOf({ from, to }: Sheet, realRank: Int32Array, reversed: Uint8Array): Chains {
  const real = realRank.length
  const rankOf: number[] = [...realRank]
  const chains = new Map<number, number[]>()
  const hops: number[][] = []
  const seen = new Set<number>()
  const pairs: Array<readonly [number, number]> = []
  const join = (a: number, b: number) => {
    const key = a * 4_194_304 + b
    if (seen.has(key)) return
    seen.add(key)
    pairs.push([a, b])
  }
  for (let edge = 0; edge < from.length; edge += 1) {
    const [left, right] = (reversed[edge] ? [to[edge], from[edge]] : [from[edge], to[edge]]) as [
      number,
      number,
    ]
    if (left === right) {
      hops.push([])
      continue
    }
    const start = rankOf[left] as number
    const span = (rankOf[right] as number) - start
    const chain = chains.get(left) ?? [left]
    chains.set(left, chain)
    if (rankOf.length - real > MOST_DUMMIES && chain.length < span) {
      hops.push([left, right])
      continue
    }
    for (let at = chain.length; at < span; at += 1) {
      const dummy = rankOf.length
      rankOf.push(start + at)
      join(chain[at - 1] as number, dummy)
      chain.push(dummy)
    }
    join(chain[span - 1] as number, right)
    hops.push([...chain.slice(0, span), right])
  }
  const count = rankOf.length
  const rank = Int32Array.from(rankOf)
  const above: number[][] = Array.from({ length: count }, () => [])
  const below: number[][] = Array.from({ length: count }, () => [])
  for (const [a, b] of pairs) {
    below[a]?.push(b)
    above[b]?.push(a)
  }
  const order: number[][] = Array.from(
    { length: rank.reduce((most, each) => Math.max(most, each), 0) + 1 },
    () => [],
  )
  for (let vertex = 0; vertex < count; vertex += 1) order[rank[vertex] as number]?.push(vertex)
  return { layers: { real, rank, order, above, below }, hops }
}

/** Where vertices were before: dummies and new items stand where their neighbours were. */
function seedsOf(layers: Layers, seed: Float64Array | undefined): Float64Array | undefined {
  if (!seed?.some((each) => !Number.isNaN(each))) return undefined
  const count = layers.rank.length
  const seeds = new Float64Array(count).fill(Number.NaN)
  seeds.set(seed)
  for (let turn = 0; turn < 6; turn += 1) {
    for (let vertex = 0; vertex < count; vertex += 1) {
      if (!Number.isNaN(seeds[vertex])) continue
      const near = [...(layers.above[vertex] ?? []), ...(layers.below[vertex] ?? [])]
        .map((each) => seeds[each] as number)
        .filter((each) => !Number.isNaN(each))
      if (near.length > 0) seeds[vertex] = near.reduce((sum, each) => sum + each, 0) / near.length
    }
  }
  return seeds.map((each) => (Number.isNaN(each) ? 0 : each))
}

function reorder(layers: Layers, seeded: boolean): void {
  const { order } = layers
  const position = new Int32Array(layers.rank.length)
  const number = () => {
    for (const layer of order) for (let at = 0; at < layer.length; at += 1) position[layer[at] as number] = at
  }
  number()
  const initial = crossings(layers, position)
  let best = seeded ? initial * WORTH : initial
  let kept = order.map((layer) => [...layer])
  let idle = 0
  for (let turn = 0; turn < SWEEPS && initial > 0 && idle < 4; turn += 1) {
    sweep(layers, position, turn % 2 === 0)
    const found = crossings(layers, position)
    if (found < best) {
      best = found
      kept = order.map((layer) => [...layer])
      idle = 0
    } else idle += 1
  }
  for (const [at, layer] of kept.entries()) order[at] = layer
}

/** How far from their middles an edge between two vertices leaves and enters, by `a * 2^22 + b`. */
export type Ports = Map<number, readonly [leaves: number, enters: number]>

function portsOf(layers: Layers, sheet: Sheet, hops: number[][], reversed: Uint8Array): Ports {
  const ports: Ports = new Map()
  const { fromPort, toPort } = sheet
  if (!fromPort || !toPort) return ports
  for (const [edge, path] of hops.entries()) {
    if (path.length < 2) continue
    const [out, into] = (
      reversed[edge] ? [toPort[edge], fromPort[edge]] : [fromPort[edge], toPort[edge]]
    ) as [number, number]
    const [a, b] = [path[0] as number, path[1] as number]
    const [c, d] = [path[path.length - 2] as number, path[path.length - 1] as number]
    const leaves = (from: number) => (from < layers.real ? out : 0)
    ports.set(a * 4_194_304 + b, [leaves(a), b < layers.real ? into : 0])
    if (path.length > 2) ports.set(c * 4_194_304 + d, [leaves(c), into])
  }
  return ports
}

/** Between columns of large frames the gap is larger too, so that they stay apart when they are seen from far away. */
function gapAfter(column: number): number {
  return GAP.across + 0.08 * Math.max(0, column - 400)
}

function draw(
  sheet: Sheet,
  layers: Layers,
  middle: Float64Array,
  hops: number[][],
  reversed: Uint8Array,
): Drawn {
  const { real, rank, order } = layers
  const { width, height, fromPort, toPort } = sheet
  const columns = order.map((layer) =>
    layer.reduce((most, each) => Math.max(most, each < real ? (width[each] as number) : 0), 0),
  )
  let top = Number.POSITIVE_INFINITY
  let bottom = Number.NEGATIVE_INFINITY
  for (let vertex = 0; vertex < middle.length; vertex += 1) {
    const half = vertex < real ? (height[vertex] as number) / 2 : 0
    top = Math.min(top, (middle[vertex] as number) - half)
    bottom = Math.max(bottom, (middle[vertex] as number) + half)
  }
  // few columns of very many items: lines that go far up and down need way for it
  const bare = columns.reduce((sum, column) => sum + column + gapAfter(column), 0)
  const stretch = Math.min(
    MOST_STRETCH,
    Math.max(0, (bottom - top) / SLENDER - bare) / Math.max(1, columns.length - 1),
  )
  const left: number[] = []
  let across = 0
  for (const column of columns) {
    left.push(across)
    across += column + gapAfter(column) + stretch
  }
  const x = new Float64Array(real)
  const y = new Float64Array(real)
  for (let item = 0; item < real; item += 1) {
    const column = rank[item] as number
    x[item] = (left[column] as number) + ((columns[column] as number) - (width[item] as number)) / 2
    y[item] = (middle[item] as number) - (height[item] as number) / 2 - top
  }
  const segments: number[] = []
  const numbers = new Map<number | string, number>()
  const segment = (key: number | string, x1: number, y1: number, x2: number, y2: number): number => {
    let found = numbers.get(key)
    if (found === undefined) {
      found = segments.length / 4
      segments.push(x1, y1, x2, y2)
      numbers.set(key, found)
    }
    return found
  }
  const ported = fromPort !== undefined
  const paths = hops.map((path, edge) => {
    const list: number[] = []
    const out = (reversed[edge] ? toPort?.[edge] : fromPort?.[edge]) ?? 0
    const into = (reversed[edge] ? fromPort?.[edge] : toPort?.[edge]) ?? 0
    for (let at = 1; at < path.length; at += 1) {
      const [a, b] = [path[at - 1] as number, path[at] as number]
      const x1 =
        a < real
          ? (x[a] as number) + (width[a] as number)
          : (left[rank[a] as number] as number) + (columns[rank[a] as number] as number)
      const y1 = (middle[a] as number) - top + (a < real ? out : 0)
      const x2 = b < real ? (x[b] as number) : (left[rank[b] as number] as number)
      const y2 = (middle[b] as number) - top + (b < real ? into : 0)
      const pair = a * 4_194_304 + b
      list.push(segment(ported ? `${pair} ${y1} ${y2}` : pair, x1, y1, x2, y2))
      if (b >= real) list.push(segment(-b, x2, y2, x2 + (columns[rank[b] as number] as number), y2))
    }
    return list
  })
  return {
    x,
    y,
    width: Math.max(0, across - gapAfter(columns.at(-1) ?? 0) - stretch),
    height: Math.max(0, bottom - top),
    segments,
    paths,
  }
}
