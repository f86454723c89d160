/**
 * The layout of a whole graph: of each open group by itself, then of the groups and what is in none.
 *
 * Many leaves of one hub, and what has no edges at all, stand in blocks: a column of a thousand could not be looked at.
 * Parts that nothing connects are laid out each by itself and packed into rows.
 */
import type { Drawn } from "./layered"
import { type Part, packed } from "./pack"

export interface Request {
  readonly width: Float64Array
  readonly height: Float64Array
  readonly from: Int32Array
  readonly to: Int32Array
  /** The open group of each item, from 0; -1 for none. */
  readonly group: Int32Array
  readonly groups: number
  /** Corners of the items in the layout before; NaN for what is new. */
  readonly before?: { readonly x: Float64Array; readonly y: Float64Array } | undefined
}

export interface Box {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

export interface Layout {
  /** Corners at the left top of the items. */
  readonly x: Float64Array
  readonly y: Float64Array
  readonly width: number
  readonly height: number
  /** The frame of each open group. */
  readonly frames: readonly Box[]
  /** Around leaves that stand together, to which one line leads. */
  readonly blocks: readonly Box[]
  /** x1, y1, x2, y2 of curves that leave and arrive level. */
  readonly segments: Float32Array
  /** The segments of edge e are `parts[starts[e]]` to `parts[starts[e + 1] - 1]`. */
  readonly starts: Int32Array
  readonly parts: Int32Array
}

const FRAME = { side: 18, top: 34, bottom: 18 } as const
const BLOCK = { least: 9, gap: 12, pad: 12 } as const

interface Flowed extends Drawn {
  readonly blocks: Box[]
}

export function arrange(request: Request): Layout {
  const { width, height, from, to, group, groups, before } = request
  const count = width.length
  const x = new Float64Array(count)
  const y = new Float64Array(count)
  const segments: number[] = []
  const paths: number[][] = Array.from(from, () => [])
  const blocks: Box[] = []
  const members: number[][] = Array.from({ length: groups }, () => [])
  const loose: number[] = []
  for (let item = 0; item < count; item += 1) {
    const own = group[item] as number
    if (own < 0) loose.push(item)
    else members[own]?.push(item)
  }
  const within: number[][] = Array.from({ length: groups }, () => [])
  const across: number[] = []
  for (let edge = 0; edge < from.length; edge += 1) {
    const [a, b] = [group[from[edge] as number] as number, group[to[edge] as number] as number]
    if (a >= 0 && a === b) within[a]?.push(edge)
    else across.push(edge)
  }

  const inner = members.map((list, own) => {
    const place = new Map(list.map((item, at) => [item, at]))
    const edges = within[own] as number[]
    return flow({
      width: Float64Array.from(list, (item) => width[item] as number),
      height: Float64Array.from(list, (item) => height[item] as number),
      from: Int32Array.from(edges, (edge) => place.get(from[edge] as number) as number),
      to: Int32Array.from(edges, (edge) => place.get(to[edge] as number) as number),
      seedY: seedOf(list, height, before?.y),
      framed: true,
    })
  })

  // the top: groups first, then loose items
  const topOf = new Int32Array(count)
  for (const [own, list] of members.entries()) for (const item of list) topOf[item] = own
  for (const [at, item] of loose.entries()) topOf[item] = groups + at
  const outerWidth = (own: number) => (inner[own] as Flowed).width + 2 * FRAME.side
  const outerHeight = (own: number) => (inner[own] as Flowed).height + FRAME.top + FRAME.bottom
  const topWidth = new Float64Array(groups + loose.length)
  const topHeight = new Float64Array(groups + loose.length)
  for (let own = 0; own < groups; own += 1) {
    topWidth[own] = outerWidth(own)
    topHeight[own] = outerHeight(own)
  }
  for (const [at, item] of loose.entries()) {
    topWidth[groups + at] = width[item] as number
    topHeight[groups + at] = height[item] as number
  }
  const innerPlace = new Int32Array(count)
  for (const list of members) for (const [at, item] of list.entries()) innerPlace[item] = at
  /** How far an item's middle lies below that of its group's frame. */
  const port = (item: number) => {
    const own = group[item] as number
    if (own < 0) return 0
    const drawn = inner[own] as Flowed
    const at = innerPlace[item] as number
    return (drawn.y[at] as number) + FRAME.top + (height[item] as number) / 2 - outerHeight(own) / 2
  }
  const seeds = before && topSeeds(request, members, loose, port)
  const top = flow({
    width: topWidth,
    height: topHeight,
    from: Int32Array.from(across, (edge) => topOf[from[edge] as number] as number),
    to: Int32Array.from(across, (edge) => topOf[to[edge] as number] as number),
    ...(groups > 0
      ? {
          fromPort: Float64Array.from(across, (edge) => port(from[edge] as number)),
          toPort: Float64Array.from(across, (edge) => port(to[edge] as number)),
        }
      : {}),
    seedY: seeds,
  })

  const take = (drawn: Flowed, dx: number, dy: number, edges: readonly number[]) => {
    const first = segments.length / 4
    for (let at = 0; at < drawn.segments.length; at += 4)
      segments.push(
        (drawn.segments[at] as number) + dx,
        (drawn.segments[at + 1] as number) + dy,
        (drawn.segments[at + 2] as number) + dx,
        (drawn.segments[at + 3] as number) + dy,
      )
    for (const [at, edge] of edges.entries())
      paths[edge] = (drawn.paths[at] as number[]).map((each) => first + each)
    for (const box of drawn.blocks) blocks.push({ ...box, x: box.x + dx, y: box.y + dy })
  }
  take(top, 0, 0, across)
  for (const [at, item] of loose.entries()) {
    x[item] = top.x[groups + at] as number
    y[item] = top.y[groups + at] as number
  }
  const frames = members.map((list, own) => {
    const [left, upper] = [top.x[own] as number, top.y[own] as number]
    const drawn = inner[own] as Flowed
    take(drawn, left + FRAME.side, upper + FRAME.top, within[own] as number[])
    for (const [at, item] of list.entries()) {
      x[item] = (drawn.x[at] as number) + left + FRAME.side
      y[item] = (drawn.y[at] as number) + upper + FRAME.top
    }
    return { x: left, y: upper, width: outerWidth(own), height: outerHeight(own) }
  })
  // from the items in frames to the frames' borders
  if (groups > 0)
    for (const edge of across) {
      const path = paths[edge] as number[]
      if (path.length === 0) continue
      const [a, b] = [from[edge] as number, to[edge] as number]
      const [first, last] = [path[0] as number, path[path.length - 1] as number]
      const [left, right] = (segments[first * 4] as number) <= (x[b] as number) ? [a, b] : [b, a]
      if ((group[left] as number) >= 0) {
        path.unshift(segments.length / 4)
        const level = segments[first * 4 + 1] as number
        segments.push(
          (x[left] as number) + (width[left] as number),
          level,
          segments[first * 4] as number,
          level,
        )
      }
      if ((group[right] as number) >= 0) {
        path.push(segments.length / 4)
        const level = segments[last * 4 + 3] as number
        segments.push(segments[last * 4 + 2] as number, level, x[right] as number, level)
      }
    }

  const starts = new Int32Array(paths.length + 1)
  for (const [edge, path] of paths.entries()) starts[edge + 1] = (starts[edge] as number) + path.length
  return {
    x,
    y,
    width: top.width,
    height: top.height,
    frames,
    blocks,
    segments: Float32Array.from(segments),
    starts,
    parts: Int32Array.from(paths.flat()),
  }
}

function seedOf(
  items: readonly number[],
  height: Float64Array,
  y: Float64Array | undefined,
): Float64Array | undefined {
  return y && Float64Array.from(items, (item) => (y[item] as number) + (height[item] as number) / 2)
}

function topSeeds(
  { height, before }: Request,
  members: readonly number[][],
  loose: readonly number[],
  port: (item: number) => number,
): Float64Array | undefined {
  const y = before?.y
  if (y === undefined) return undefined
  const middle = (item: number) => (y[item] as number) + (height[item] as number) / 2
  const groups = members.map((list) => {
    const known = list.map((item) => middle(item) - port(item)).filter((each) => !Number.isNaN(each))
    return known.length > 0 ? known.reduce((sum, each) => sum + each, 0) / known.length : Number.NaN
  })
  return Float64Array.from([...groups, ...loose.map(middle)])
}

/** Blocks of leaves, connected parts, and their packing. */
function flow(part: Part): Flowed {
  const { bundles, of } = bundle(part)
  const count = part.width.length
  // places of what remains: items in no block, then blocks
  const place = new Int32Array(count)
  const width: number[] = []
  const height: number[] = []
  const seeds: number[] = []
  const single: number[] = []
  for (let item = 0; item < count; item += 1) {
    if ((of[item] as number) >= 0) continue
    place[item] = width.length
    single.push(item)
    width.push(part.width[item] as number)
    height.push(part.height[item] as number)
    seeds.push(part.seedY?.[item] ?? Number.NaN)
  }
  const grids = bundles.map((list) => grid(list, part))
  for (const [at, list] of bundles.entries()) {
    for (const item of list) place[item] = width.length
    width.push(grids[at]?.width ?? 0)
    height.push(grids[at]?.height ?? 0)
    const known = list.map((item) => part.seedY?.[item] ?? Number.NaN).filter((each) => !Number.isNaN(each))
    seeds.push(known.length > 0 ? known.reduce((sum, each) => sum + each, 0) / known.length : Number.NaN)
  }
  const sheet = {
    width: Float64Array.from(width),
    height: Float64Array.from(height),
    from: part.from.map((item) => place[item] as number),
    to: part.to.map((item) => place[item] as number),
  }
  const drawn = packed({ ...part, ...sheet, seedY: part.seedY && Float64Array.from(seeds) })
  const x = new Float64Array(count)
  const y = new Float64Array(count)
  for (const [at, item] of single.entries()) {
    x[item] = drawn.x[at] as number
    y[item] = drawn.y[at] as number
  }
  const blocks = bundles.map((list, at) => {
    const corner = { x: drawn.x[single.length + at] as number, y: drawn.y[single.length + at] as number }
    const { columns, cellWidth, cellHeight, width, height } = grids[at] as Grid
    for (const [number, item] of list.entries()) {
      x[item] = corner.x + BLOCK.pad + (number % columns) * cellWidth
      y[item] = corner.y + BLOCK.pad + Math.floor(number / columns) * cellHeight
    }
    return { ...corner, width, height }
  })
  return { ...drawn, x, y, blocks }
}

interface Grid {
  readonly columns: number
  readonly cellWidth: number
  readonly cellHeight: number
  readonly width: number
  readonly height: number
}

function grid(items: readonly number[], { width, height }: Part): Grid {
  const cellWidth = items.reduce((most, item) => Math.max(most, width[item] as number), 0) + BLOCK.gap
  const cellHeight = items.reduce((most, item) => Math.max(most, height[item] as number), 0) + BLOCK.gap
  const columns = Math.max(
    1,
    Math.min(items.length, Math.round(Math.sqrt((items.length * cellHeight * 1.2) / cellWidth))),
  )
  const rows = Math.ceil(items.length / columns)
  return {
    columns,
    cellWidth,
    cellHeight,
    width: columns * cellWidth - BLOCK.gap + 2 * BLOCK.pad,
    height: rows * cellHeight - BLOCK.gap + 2 * BLOCK.pad,
  }
}

/** Items that stand in blocks: the leaves of one hub on one side, and those without edges. */
function bundle({ width, from, to }: Part): { bundles: number[][]; of: Int32Array } {
  const count = width.length
  const inner = new Int32Array(count)
  const outer = new Int32Array(count)
  const hub = new Int32Array(count).fill(-1)
  for (let edge = 0; edge < from.length; edge += 1) {
    const [a, b] = [from[edge] as number, to[edge] as number]
    if (a === b) continue
    outer[a] = (outer[a] as number) + 1
    inner[b] = (inner[b] as number) + 1
    hub[a] = b
    hub[b] = a
  }
  const found = new Map<number, number[]>()
  for (let item = 0; item < count; item += 1) {
    const [ins, outs] = [inner[item] as number, outer[item] as number]
    if (ins + outs > 1) continue
    const key = ins + outs === 0 ? -1 : (hub[item] as number) * 2 + ins
    const list = found.get(key)
    if (list === undefined) found.set(key, [item])
    else list.push(item)
  }
  const of = new Int32Array(count).fill(-1)
  const bundles = [...found.values()].filter((list) => list.length >= BLOCK.least)
  for (const [at, list] of bundles.entries()) for (const item of list) of[item] = at
  return { bundles, of }
}
