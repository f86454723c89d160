import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { arrange, type Layout, type Request } from "./arrange"

/** A graph whose edges lead from smaller to larger numbers, so that it has no circles. */
const graphs = fc
  .record({
    count: fc.integer({ min: 1, max: 60 }),
    pairs: fc.array(fc.tuple(fc.nat(59), fc.nat(59)), { maxLength: 140 }),
    groups: fc.integer({ min: 0, max: 4 }),
    picks: fc.array(fc.integer({ min: -1, max: 3 }), { minLength: 60, maxLength: 60 }),
    heights: fc.array(fc.integer({ min: 20, max: 90 }), { minLength: 60, maxLength: 60 }),
  })
  .map(({ count, pairs, groups, picks, heights }) => {
    const edges = pairs
      .map(([a, b]) => [Math.min(a, b), Math.max(a, b)] as const)
      .filter(([a, b]) => a !== b && b < count)
    return request(
      count,
      edges,
      picks.slice(0, count).map((each) => (each < groups ? each : -1)),
      groups,
      heights,
    )
  })

function request(
  count: number,
  edges: ReadonlyArray<readonly [number, number]>,
  group: readonly number[] = Array.from({ length: count }, () => -1),
  groups = 0,
  heights: readonly number[] = [],
): Request {
  return {
    width: new Float64Array(count).fill(200),
    height: Float64Array.from({ length: count }, (_, at) => heights[at] ?? 60),
    from: Int32Array.from(edges, ([a]) => a),
    to: Int32Array.from(edges, ([, b]) => b),
    group: Int32Array.from(group),
    groups,
  }
}

function overlaps(request: Request, { x, y }: Layout): Array<[number, number]> {
  const found: Array<[number, number]> = []
  const at = (list: Float64Array, item: number) => list[item] as number
  for (let a = 0; a < x.length; a += 1)
    for (let b = a + 1; b < x.length; b += 1)
      if (
        at(x, a) + at(request.width, a) > at(x, b) + 0.01 &&
        at(x, b) + at(request.width, b) > at(x, a) + 0.01 &&
        at(y, a) + at(request.height, a) > at(y, b) + 0.01 &&
        at(y, b) + at(request.height, b) > at(y, a) + 0.01
      )
        found.push([a, b])
  return found
}

/** As the benchmarks' graph: layers of 50, each item reads two of the layer before; every 40th reads far back. */
function lattice(count: number): Array<[number, number]> {
  const edges: Array<[number, number]> = []
  for (let item = 50; item < count; item += 1) {
    edges.push([item - 50, item], [(Math.floor(item / 50) - 1) * 50 + ((item + 1) % 50), item])
    if (item % 40 === 0) edges.push([(item * 7) % (item - 49), item])
  }
  return edges
}

describe("a layout", () => {
  test("has no items above one another, in groups or not", () => {
    fc.assert(fc.property(graphs, (graph) => overlaps(graph, arrange(graph)).length === 0))
  })

  test("leads every edge to the right where no groups turn it around", () => {
    fc.assert(
      fc.property(graphs, (graph) => {
        const flat = { ...graph, group: graph.group.map(() => -1), groups: 0 }
        const { x } = arrange(flat)
        return flat.from.every(
          (a, edge) => (x[a] as number) + (flat.width[a] as number) < (x[flat.to[edge] as number] as number),
        )
      }),
    )
  })

  test("is the same for the same graph", () => {
    fc.assert(
      fc.property(graphs, (graph) => {
        expect(arrange(graph)).toEqual(arrange(graph))
      }),
    )
  })

  test("draws every edge from its one end to the other, without gaps", () => {
    fc.assert(
      fc.property(graphs, (graph) => {
        const { segments, starts, parts, x } = arrange({
          ...graph,
          group: graph.group.map(() => -1),
          groups: 0,
        })
        for (let edge = 0; edge < graph.from.length; edge += 1) {
          const path = [...parts.slice(starts[edge], starts[edge + 1])]
          expect(path.length).toBeGreaterThan(0)
          for (let at = 1; at < path.length; at += 1) {
            const [a, b] = [(path[at - 1] as number) * 4, (path[at] as number) * 4]
            expect(segments[b]).toBeCloseTo(segments[a + 2] as number, 1)
            expect(segments[b + 1]).toBeCloseTo(segments[a + 3] as number, 1)
          }
          const from = graph.from[edge] as number
          expect(segments[(path[0] as number) * 4]).toBeGreaterThanOrEqual((x[from] as number) + 199)
        }
      }),
    )
  })

  test("keeps a group's items within its frame, and frames apart", () => {
    fc.assert(
      fc.property(graphs, (graph) => {
        const { x, y, frames } = arrange(graph)
        for (const [item, own] of graph.group.entries()) {
          const frame = frames[own]
          if (frame === undefined) continue
          expect(x[item]).toBeGreaterThan(frame.x)
          expect(y[item]).toBeGreaterThan(frame.y)
          expect((x[item] as number) + 200).toBeLessThan(frame.x + frame.width)
          expect((y[item] as number) + (graph.height[item] as number)).toBeLessThan(frame.y + frame.height)
        }
        for (const [at, a] of frames.entries())
          for (const b of frames.slice(at + 1))
            expect(
              a.x + a.width <= b.x + 0.01 ||
                b.x + b.width <= a.x + 0.01 ||
                a.y + a.height <= b.y + 0.01 ||
                b.y + b.height <= a.y + 0.01,
            ).toBe(true)
      }),
    )
  })

  test("hardly moves when a leaf is added", () => {
    const edges = lattice(400)
    const first = arrange(request(400, edges))
    const x = new Float64Array(401).fill(Number.NaN)
    const y = new Float64Array(401).fill(Number.NaN)
    x.set(first.x)
    y.set(first.y)
    const second = arrange({ ...request(401, [...edges, [123, 400]]), before: { x, y } })
    const shift = (second.y[0] as number) - (first.y[0] as number)
    const moved = [...first.y].map((each, item) => Math.abs((second.y[item] as number) - each - shift))
    moved.sort((a, b) => a - b)
    expect(moved[200]).toBeLessThan(40)
    expect(moved[380]).toBeLessThan(120)
  })

  test("keeps the order of a layout before within each column", () => {
    const edges = lattice(300)
    const first = arrange(request(300, edges))
    const second = arrange({ ...request(300, edges), before: first })
    for (let a = 0; a < 300; a += 1)
      for (let b = 0; b < 300; b += 1)
        if (first.x[a] === first.x[b] && (first.y[a] as number) < (first.y[b] as number))
          expect(second.y[a]).toBeLessThan(second.y[b] as number)
  })

  test("puts the thousand readers of a hub into a block", () => {
    const edges = Array.from({ length: 1000 }, (_, at) => [0, at + 1] as const)
    const graph = request(1001, edges)
    const layout = arrange(graph)
    expect(layout.blocks).toHaveLength(1)
    expect(layout.width / layout.height).toBeGreaterThan(0.5)
    expect(layout.width / layout.height).toBeLessThan(3)
    expect(layout.segments.length).toBe(4)
    expect(overlaps(graph, layout)).toEqual([])
  })

  test("draws circles too, with one edge against the order", () => {
    const graph = request(3, [
      [0, 1],
      [1, 2],
      [2, 0],
    ])
    const layout = arrange(graph)
    expect(overlaps(graph, layout)).toEqual([])
    expect(layout.starts[3]).toBeGreaterThanOrEqual(3)
  })

  test.each([
    [2000, 400],
    [10_000, 1600],
  ])("of %i items is there within %i ms, four times what it needs alone", (count, most) => {
    const graph = request(count, lattice(count))
    arrange(graph)
    const start = performance.now()
    arrange(graph)
    const took = performance.now() - start
    console.info(`layout of ${count}: ${took.toFixed(0)} ms`)
    expect(took).toBeLessThan(most)
  })
})
