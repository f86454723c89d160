import { expect, test } from "vitest"
import { standingOf, standingWords } from "./standing"

test("trouble goes before what was never made", () => {
  const asset = { status: "missing", counts: { missing: 143, fresh: 10, stale: 3 } }
  expect(standingOf(asset)).toBe("stale")
  expect(standingWords(asset)).toBe("3 stale")
})

test("late goes before fresh, and after failed", () => {
  expect(standingOf({ status: "fresh", counts: { fresh: 2 }, late: 1 })).toBe("overdue")
  expect(standingOf({ status: "failed", counts: { failed: 2 }, late: 1 })).toBe("failed")
})

test("where all is alike no count is said", () => {
  expect(standingWords({ status: "missing", counts: { missing: 4 } })).toBe("missing")
  expect(standingWords({ status: "fresh", counts: {} })).toBe("fresh")
})
