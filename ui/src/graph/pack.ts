/** Parts of a graph that nothing connects: each is laid out by itself, and they are packed into rows. */
import { type Drawn, layered } from "./layered"

const BETWEEN = 56
/** Around an item that nothing is connected with; frames are not among these. */
const ALONE = { gap: 24, height: 100 } as const

/** Items with edges by their places in `items`; each edge has its number in the request. */
export interface Part {
  readonly width: Float64Array
  readonly height: Float64Array
  readonly from: Int32Array
  readonly to: Int32Array
  readonly fromPort?: Float64Array
  readonly toPort?: Float64Array
  readonly seedY?: Float64Array | undefined
  /** Whether it stands in a frame: lines come in from the frame's sides, so that what is beside is in their way. */
  readonly framed?: boolean
}

/** What stands in a frame is in one column up to this height. */
const COLUMN = 1200

/**
 * Connected parts, each laid out, one after the other in rows about as wide as they are high together; in a frame one
 * below the other, as long as it is no tower.
 */
export function packed(part: Part): Drawn {
  const count = part.width.length
  const { lists, edges } = components(count, part.from, part.to)
  const { fromPort, toPort } = part
  const sheets = lists.map((list, number) => {
    const place = new Map(list.map((item, at) => [item, at]))
    const own = edges[number] as number[]
    const drawn = layered({
      width: Float64Array.from(list, (item) => part.width[item] as number),
      height: Float64Array.from(list, (item) => part.height[item] as number),
      from: Int32Array.from(own, (edge) => place.get(part.from[edge] as number) as number),
      to: Int32Array.from(own, (edge) => place.get(part.to[edge] as number) as number),
      ...(fromPort && toPort
        ? {
            fromPort: Float64Array.from(own, (edge) => fromPort[edge] as number),
            toPort: Float64Array.from(own, (edge) => toPort[edge] as number),
          }
        : {}),
      seed: part.seedY && Float64Array.from(list, (item) => part.seedY?.[item] ?? Number.NaN),
    })
    return { list, own, drawn }
  })
  // the large parts above; equal ones as they come
  sheets.sort((a, b) => b.list.length - a.list.length || (a.list[0] as number) - (b.list[0] as number))
  const area = sheets.reduce((sum, { drawn }) => sum + (drawn.width + BETWEEN) * (drawn.height + BETWEEN), 0)
  const widest = sheets.reduce((most, { drawn }) => Math.max(most, drawn.width), 0)
  const tower = sheets.reduce((sum, { drawn }) => sum + drawn.height + BETWEEN, 0)
  const column = part.framed === true && tower <= COLUMN
  const room = column ? 0 : Math.max(widest, Math.sqrt(area * 1.7))
  const x = new Float64Array(count)
  const y = new Float64Array(count)
  const segments: number[] = []
  const paths: number[][] = Array.from(part.from, () => [])
  let [left, upper, tallest, right] = [0, 0, 0, 0]
  for (const { list, own, drawn } of sheets) {
    const between = list.length === 1 && drawn.height < ALONE.height ? ALONE.gap : BETWEEN
    if (left > 0 && left + drawn.width > room) {
      // what stands alone has no lines of its own that would need way
      upper += tallest + (column ? between : BETWEEN)
      left = 0
      tallest = 0
    }
    const first = segments.length / 4
    for (let at = 0; at < drawn.segments.length; at += 1)
      segments.push((drawn.segments[at] as number) + (at % 2 === 0 ? left : upper))
    for (const [at, item] of list.entries()) {
      x[item] = (drawn.x[at] as number) + left
      y[item] = (drawn.y[at] as number) + upper
    }
    for (const [at, edge] of own.entries())
      paths[edge] = (drawn.paths[at] as number[]).map((each) => each + first)
    right = Math.max(right, left + drawn.width)
    left += drawn.width + (drawn.width > 0 ? between : 0)
    tallest = Math.max(tallest, drawn.height)
  }
  return { x, y, width: right, height: upper + tallest, segments, paths }
}

function components(
  count: number,
  from: Int32Array,
  to: Int32Array,
): { lists: number[][]; edges: number[][] } {
  const root = Int32Array.from({ length: count }, (_, at) => at)
  const find = (item: number): number => {
    let at = item
    while (root[at] !== at) {
      root[at] = root[root[at] as number] as number
      at = root[at] as number
    }
    return at
  }
  for (let edge = 0; edge < from.length; edge += 1)
    root[find(from[edge] as number)] = find(to[edge] as number)
  const numbers = new Map<number, number>()
  const lists: number[][] = []
  for (let item = 0; item < count; item += 1) {
    const own = find(item)
    const number = numbers.get(own)
    if (number === undefined) {
      numbers.set(own, lists.length)
      lists.push([item])
    } else lists[number]?.push(item)
  }
  const edges: number[][] = lists.map(() => [])
  for (let edge = 0; edge < from.length; edge += 1)
    edges[numbers.get(find(from[edge] as number)) as number]?.push(edge)
  return { lists, edges }
}
