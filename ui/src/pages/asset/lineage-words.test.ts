import { expect, test } from "vitest"
import { mappingWords, sides } from "./lineage-words"

const node = (name: string) => ({
  id: `asset:${name}`,
  name,
  kind: "asset",
  status: "fresh",
  counts: {},
  group: "default",
  owners: [],
  location: null,
  rank: 0,
  has_more: false,
  kinds: [],
  late: 0,
  last_success: null,
  strip: [],
})
const edge = (from: string, to: string) => ({
  from: `asset:${from}`,
  to: `asset:${to}`,
  mapping: "IdentityMapping",
})

test("neighbours stand on their side, the near ones first, each once", () => {
  const found = sides(
    {
      nodes: ["a", "b", "c", "d"].map(node),
      edges: [edge("a", "c"), edge("a", "b"), edge("b", "c"), edge("c", "d")],
      cut: 0,
    },
    "c",
  )
  expect(found.above.map((each) => [each.node.name, each.near])).toEqual([
    ["a", true],
    ["b", true],
  ])
  expect(found.below.map((each) => each.node.name)).toEqual(["d"])
})

test("a mapping that is not known is at least readable", () => {
  expect(mappingWords("SomeOddMapping")).toBe("some odd")
})
