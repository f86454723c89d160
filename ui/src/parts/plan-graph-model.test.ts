import { expect, it } from "vitest"
import { graphOf } from "./plan-graph-model"
import type { Row } from "./plan-words"

const row = (name: string, given: Partial<Row>): Row => ({
  mark: "+",
  name,
  partitions: "",
  head: "missing",
  causes: [],
  kind: "asset",
  outputs: [name],
  count: 1,
  estimate_seconds: 0,
  after: [],
  ...given,
})

it("is a node for each step, in the worst of its states, and an edge for what reads what", () => {
  const { nodes, edges } = graphOf([
    row("raw", { count: 9 }),
    row("clean", { count: 9, after: ["raw"] }),
    row("clean", { mark: "!", count: 2, after: ["raw", "elsewhere"] }),
  ])
  expect(nodes.map((each) => [each.id, each.state, each.note])).toEqual([
    ["raw", "missing", "9 partitions"],
    ["clean", "failed", "11 partitions"],
  ])
  expect(nodes[1]?.counts).toEqual({ missing: 9, failed: 2 })
  expect(edges).toEqual([{ from: "raw", to: "clean" }])
})
