import { expect, test } from "vitest"
import { burstsOf } from "./recent-words"

const made = (version: number, partition: string | null, run: string | null, state = "") => ({
  version: `v${version}`,
  partition,
  run,
  at: "2026-01-01T00:00:00Z",
  state,
})

test("a run is one line, however many partitions it made", () => {
  const found = burstsOf(
    [made(9, "c", "x"), made(8, "b", "x", "rejected"), made(7, "a", "y"), made(6, "a", null)],
    false,
  )
  expect(found.map((each) => [each.run, each.words, each.rejected])).toEqual([
    ["x", "made 2 partitions", 1],
    ["y", "made a", 0],
    [null, "made a", 0],
  ])
})

test("what is not known to be all is said to be more", () => {
  expect(burstsOf([made(9, "c", "x")], true)[0]?.words).toBe("made 1 or more partitions")
  expect(burstsOf([made(9, null, "x")], false)[0]?.words).toBe("made it")
})
