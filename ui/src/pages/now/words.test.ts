import { describe, expect, it } from "vitest"
import { about, type Counts, consequences, reason, shortPartitions, type Trouble, title, verb } from "./words"

const calm: Counts = {
  broken: 0,
  late: 0,
  stale: 0,
  hit_assets: 0,
  hit_partitions: 0,
  due_soon: 0,
  fresh: 0,
  running: 0,
  never_made: 0,
  assets: {},
  pipelines: {},
}

describe("the headline", () => {
  it("counts what is broken", () => {
    expect(title({ ...calm, broken: 1 })).toBe("One thing is broken")
    expect(title({ ...calm, broken: 3 })).toBe("Three things are broken")
    expect(title({ ...calm, broken: 12_000 })).toBe("12,000 things are broken")
    expect(title(calm)).toBe("All is well")
    expect(title({ ...calm, stale: 2 })).toBe("Nothing is broken")
  })

  it("says what follows, and nothing of what does not", () => {
    expect(consequences({ ...calm, broken: 1, hit_partitions: 1, fresh: 1931 })).toEqual([
      "1 partition hit below",
      "1,931 fresh",
    ])
    expect(consequences({ ...calm, broken: 2, hit_partitions: 7, due_soon: 1 })).toEqual([
      "7 partitions hit below",
      "1 due soon",
    ])
    expect(consequences(calm)).toEqual([])
  })
})

it("says a duration as people do", () => {
  expect([0.02, 40, 850, 9000].map(about)).toEqual(["1 s", "40 s", "14 min", "3 h"])
})

it("says of a long list of partitions how many they are", () => {
  expect(shortPartitions("2012-10-26|IBM", 1)).toBe("2012-10-26|IBM")
  expect(shortPartitions("a..b,c,d,e", 1159, 6)).toBe("1,159 partitions")
})

it("says in words why something is stale", () => {
  const trouble = { kind: "stale", why: "code_changed", detail: "", remedy: "" } as unknown as Trouble
  expect(reason(trouble)).toBe("Its code is another one than what made it.")
  expect(reason({ ...trouble, why: "", detail: "prices changed." })).toBe("prices changed.")
})

it("says of the root of changed data that it changed, and not that it is stale", () => {
  const trouble = { kind: "stale", why: "data_changed", detail: "", remedy: "", root: { key: "prices" } }
  const named = { ...trouble, root: { key: "prices", partitions: "2024-01-05" } } as unknown as Trouble
  expect([verb(named), reason(named)]).toEqual(["changed in", "What was made from it before is stale."])
})
