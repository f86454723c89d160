/** A graph with its layout: what the views draw, hit and walk. */

import type { Layout, Request } from "./arrange"
import { CARD, type GraphEdge, type Item } from "./types"

export interface Frame {
  readonly group: string
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

export interface Scene {
  readonly items: readonly Item[]
  readonly edges: readonly GraphEdge[]
  readonly layout: Layout
  readonly width: Float64Array
  readonly height: Float64Array
  readonly frames: readonly Frame[]
  readonly index: ReadonlyMap<string, number>
  /** Numbers of the edges that end and begin at each item. */
  readonly into: readonly number[][]
  readonly out: readonly number[][]
  readonly from: Int32Array
  readonly to: Int32Array
  /** Edges that differ between two versions. */
  readonly differing: readonly number[]
  /** 1 for each segment on which there is order without data alone; null where there is none. */
  readonly dashed: Uint8Array | null
  /** Items by squares of the drawing, to find what is at a point. */
  readonly squares: ReadonlyMap<number, readonly number[]>
}

export interface Asked {
  readonly request: Request
  readonly items: readonly Item[]
  readonly edges: readonly GraphEdge[]
  readonly groups: readonly string[]
}

function tall(item: Item): number {
  const rich = item.note || item.chips?.length || item.counts || item.strip || item.stateWords || item.system
  return rich ? CARD.height : CARD.small
}

/** What the layout needs to know. `frames`: whether open groups have one. */
export function asked(
  items: readonly Item[],
  edges: readonly GraphEdge[],
  frames: boolean,
  before: Scene | null,
): Asked {
  const index = new Map(items.map((item, at) => [item.id, at]))
  const groups = frames ? [...new Set(items.flatMap((item) => (item.group ? [item.group] : [])))] : []
  const numbers = new Map(groups.map((group, at) => [group, at]))
  const kept = edges.filter((edge) => index.has(edge.from) && index.has(edge.to))
  const old = before && items.map((item) => before.index.get(item.id))
  // of a graph that was mostly another one the places mean nothing: they would only tear this one apart
  const same = old?.filter((each) => each !== undefined).length ?? 0
  const known = before !== null && same * 2 >= Math.max(items.length, before.items.length)
  return {
    items,
    edges: kept,
    groups,
    request: {
      width: new Float64Array(items.length).fill(CARD.width),
      height: Float64Array.from(items, tall),
      from: Int32Array.from(kept, (edge) => index.get(edge.from) as number),
      to: Int32Array.from(kept, (edge) => index.get(edge.to) as number),
      group: Int32Array.from(items, (item) => (item.group ? (numbers.get(item.group) ?? -1) : -1)),
      groups: groups.length,
      before:
        before && old && known
          ? {
              x: Float64Array.from(old, (at) =>
                at === undefined ? Number.NaN : (before.layout.x[at] as number),
              ),
              y: Float64Array.from(old, (at) =>
                at === undefined ? Number.NaN : (before.layout.y[at] as number),
              ),
            }
          : undefined,
    },
  }
}

const SQUARE = 512

export function sceneOf({ request, items, edges, groups }: Asked, layout: Layout): Scene {
  const into: number[][] = items.map(() => [])
  const out: number[][] = items.map(() => [])
  for (let edge = 0; edge < edges.length; edge += 1) {
    out[request.from[edge] as number]?.push(edge)
    into[request.to[edge] as number]?.push(edge)
  }
  const squares = new Map<number, number[]>()
  for (let item = 0; item < items.length; item += 1) {
    const [x, y] = [layout.x[item] as number, layout.y[item] as number]
    for (let column = Math.floor(x / SQUARE); column <= Math.floor((x + CARD.width) / SQUARE); column += 1)
      for (let row = Math.floor(y / SQUARE); row <= Math.floor((y + CARD.height) / SQUARE); row += 1) {
        const key = column * 1_000_003 + row
        const list = squares.get(key)
        if (list) list.push(item)
        else squares.set(key, [item])
      }
  }
  return {
    items,
    edges,
    layout,
    width: request.width,
    height: request.height,
    frames: layout.frames.map((frame, at) => ({ ...frame, group: groups[at] ?? "" })),
    index: new Map(items.map((item, at) => [item.id, at])),
    into,
    out,
    from: request.from,
    to: request.to,
    differing: edges.flatMap((edge, at) => (edge.change && edge.change !== "same" ? [at] : [])),
    dashed: dashedOf(edges, layout),
    squares,
  }
}

function dashedOf(edges: readonly GraphEdge[], { segments, starts, parts }: Layout): Uint8Array | null {
  if (!edges.some((edge) => edge.dashed)) return null
  const found = new Uint8Array(segments.length / 4)
  // what one edge with data shares with others is whole
  for (const dashed of [true, false])
    for (const [at, edge] of edges.entries())
      if ((edge.dashed ?? false) === dashed)
        for (const part of parts.subarray(starts[at], starts[at + 1])) found[part] = dashed ? 1 : 0
  return found
}

/** The same drawing with other words and states on it: nothing moves. */
export function repainted(scene: Scene, items: readonly Item[]): Scene {
  return { ...scene, items }
}

/** The item at a point of the drawing. */
export function itemAt({ squares, layout, width, height }: Scene, x: number, y: number): number | null {
  const near = squares.get(Math.floor(x / SQUARE) * 1_000_003 + Math.floor(y / SQUARE)) ?? []
  for (const item of near) {
    const [left, top] = [layout.x[item] as number, layout.y[item] as number]
    if (x >= left && x <= left + (width[item] as number) && y >= top && y <= top + (height[item] as number))
      return item
  }
  return null
}

export interface Reach {
  readonly items: ReadonlySet<number>
  readonly edges: ReadonlySet<number>
}

/** Everything that the items are made from and that is made from them, with the edges between. */
export function reach({ into, out, from, to }: Scene, starts: Iterable<number>): Reach {
  const items = new Set<number>(starts)
  const edges = new Set<number>()
  const walk = (lists: readonly number[][], ends: Int32Array) => {
    const queue = [...starts]
    const seen = new Set(queue)
    for (let at = 0; at < queue.length; at += 1)
      for (const edge of lists[queue[at] as number] ?? []) {
        edges.add(edge)
        const end = ends[edge] as number
        if (seen.has(end)) continue
        seen.add(end)
        items.add(end)
        queue.push(end)
      }
  }
  walk(into, from)
  walk(out, to)
  return { items, edges }
}

export type Direction = "left" | "right" | "up" | "down"

/** Where an arrow key leads: along an edge to the nearest item, or to the one above or below in the column. */
export function step(scene: Scene, item: number | null, direction: Direction): number | null {
  const { layout, into, out, from, to, items } = scene
  if (items.length === 0) return null
  const x = (each: number) => layout.x[each] as number
  const y = (each: number) => layout.y[each] as number
  if (item === null) {
    let first = 0
    for (let each = 1; each < items.length; each += 1)
      if (x(each) < x(first) || (x(each) === x(first) && y(each) < y(first))) first = each
    return first
  }
  const nearest = (several: Iterable<number>, far: (each: number) => number) => {
    let best: number | null = null
    for (const each of several) if (each !== item && (best === null || far(each) < far(best))) best = each
    return best
  }
  const level = (each: number) => Math.abs(y(each) - y(item))
  if (direction === "right")
    return nearest(
      (out[item] ?? []).map((edge) => to[edge] as number),
      level,
    )
  if (direction === "left")
    return nearest(
      (into[item] ?? []).map((edge) => from[edge] as number),
      level,
    )
  const sign = direction === "down" ? 1 : -1
  const beyond: number[] = []
  for (let each = 0; each < items.length; each += 1)
    if (sign * (y(each) - y(item)) > 0 && Math.abs(x(each) - x(item)) < CARD.width / 2) beyond.push(each)
  return nearest(beyond, level)
}
