/** The heights of vertices in their layers: as near to their neighbours as the gaps allow. */
import { GAP, type Layers, type Ports } from "./layered"

const SWEEPS = 10
/** What is higher than this is a frame, whose name may stand above it. */
const FRAMED = 100
const NAMED = 32

/** The middles. Order within layers is kept, and gaps between neighbours. */
export function settle(
  { real, order, above, below }: Layers,
  height: Float64Array,
  ports: Ports,
  seeds: Float64Array | undefined,
): Float64Array {
  const middle = new Float64Array(above.length)
  const wished = new Float64Array(above.length)
  const weight = new Float64Array(above.length)
  const tall = (vertex: number) => (vertex < real ? (height[vertex] as number) : 0)
  const apart = (a: number, b: number) => {
    const reals = Number(a < real) + Number(b < real)
    const gap = reals === 2 ? GAP.down : reals === 1 ? GAP.down * 0.75 : GAP.line
    const most = Math.max(tall(a), tall(b))
    // large frames need more between them, to be told apart from far away
    return (tall(a) + tall(b)) / 2 + gap + (most > FRAMED ? NAMED : 0) + 0.04 * Math.max(0, most - 300)
  }
  for (const layer of order) {
    let down = 0
    for (let at = 0; at < layer.length; at += 1) {
      const vertex = layer[at] as number
      if (at > 0) down += apart(layer[at - 1] as number, vertex)
      middle[vertex] = down
    }
    for (const vertex of layer) middle[vertex] = seeds?.[vertex] ?? (middle[vertex] as number) - down / 2
    if (seeds) {
      for (const vertex of layer) {
        wished[vertex] = seeds[vertex] as number
        weight[vertex] = 1
      }
      place(layer, wished, weight, apart, middle)
    }
  }
  // long lines are to be straight, so what joins two dummies counts most
  const pull = (a: number, b: number) => (a < real ? (b < real ? 1 : 2) : b < real ? 2 : 8)
  for (let turn = 0; turn < SWEEPS; turn += 1) {
    const down = turn % 2 === 0
    const both = turn >= SWEEPS - 2
    for (let step = 0; step < order.length; step += 1) {
      const layer = order[down ? step : order.length - 1 - step] as number[]
      for (const vertex of layer) {
        let sum = 0
        let pulls = 0
        if (down || both)
          for (const each of above[vertex] as number[]) {
            const force = pull(each, vertex)
            const port = ports.get(each * 4_194_304 + vertex)
            sum += force * ((middle[each] as number) + (port ? port[0] - port[1] : 0))
            pulls += force
          }
        if (!down || both)
          for (const each of below[vertex] as number[]) {
            const force = pull(vertex, each)
            const port = ports.get(vertex * 4_194_304 + each)
            sum += force * ((middle[each] as number) + (port ? port[1] - port[0] : 0))
            pulls += force
          }
        if (seeds) {
          sum += 3 * pulls * (seeds[vertex] as number)
          pulls += 3 * pulls
        }
        wished[vertex] = pulls > 0 ? sum / pulls : (middle[vertex] as number)
        weight[vertex] = pulls > 0 ? Math.min(pulls, 64) : 0.2
      }
      place(layer, wished, weight, apart, middle)
    }
  }
  return middle
}

/**
 * The heights nearest to what is wished for, in the sense of least squares, that keep order and gaps.
 *
 * With the gaps taken off it is isotonic regression, solved by pooling neighbours that are in each other's way.
 */
export function place(
  layer: readonly number[],
  wished: Float64Array,
  weight: Float64Array,
  apart: (a: number, b: number) => number,
  middle: Float64Array,
): void {
  const starts: number[] = []
  const means: number[] = []
  const weights: number[] = []
  const offsets = new Float64Array(layer.length)
  for (let at = 0; at < layer.length; at += 1) {
    const vertex = layer[at] as number
    if (at > 0) offsets[at] = (offsets[at - 1] as number) + apart(layer[at - 1] as number, vertex)
    let mean = (wished[vertex] as number) - (offsets[at] as number)
    let heavy = weight[vertex] as number
    let start = at
    while (means.length > 0 && (means[means.length - 1] as number) > mean) {
      const other = weights.pop() as number
      mean = (mean * heavy + (means.pop() as number) * other) / (heavy + other)
      heavy += other
      start = starts.pop() as number
    }
    starts.push(start)
    means.push(mean)
    weights.push(heavy)
  }
  for (let pool = 0; pool < starts.length; pool += 1) {
    const end = starts[pool + 1] ?? layer.length
    for (let at = starts[pool] as number; at < end; at += 1)
      middle[layer[at] as number] = (means[pool] as number) + (offsets[at] as number)
  }
}
