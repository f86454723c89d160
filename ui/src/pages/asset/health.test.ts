import { expect, test } from "vitest"
import { chainWords, healthOf } from "./health"

const cause = (kind: string, subject: string, more: object = {}) => ({
  kind,
  subject,
  partition: null,
  run: null,
  at: null,
  detail: "",
  root: null,
  ...more,
})

test("one failure among thousands that were never made is what the headline says", () => {
  const found = healthOf({
    key: "a",
    status: "failed",
    counts: { missing: 14_895, failed: 1, fresh: 1454 },
    partitions: "daily",
    causes: [
      cause("missing", "a"),
      cause("failed", "a", { partition: "2012-10-26", detail: "ValueError: x" }),
    ],
  })
  expect(found.status).toBe("failed")
  expect(found.what).toBe("1 of 16,350 partitions failed")
  expect(found.cause?.partition).toBe("2012-10-26")
})

test("what was never made is no trouble while the rest is fresh", () => {
  const found = healthOf({
    key: "a",
    status: "missing",
    counts: { missing: 3, fresh: 2 },
    partitions: "daily",
    causes: [cause("missing", "a")],
  })
  expect(found.what).toBe("2 of 5 partitions are fresh, the others were never made")
  expect(found.cause).toBeNull()
})

test("an asset without partitions is told as a whole", () => {
  const asset = { key: "a", partitions: null, causes: [] }
  expect(healthOf({ ...asset, status: "fresh", counts: { fresh: 1 } }).what).toBe("Fresh")
  expect(healthOf({ ...asset, status: "missing", counts: { missing: 1 } }).what).toBe("Never made")
  expect(healthOf({ ...asset, status: "failed", counts: { failed: 1 } }).what).toBe("Failed")
})

test("a partitioned asset without partitions says so", () => {
  expect(healthOf({ key: "a", partitions: "dynamic", causes: [], status: "fresh", counts: {} }).what).toBe(
    "No partition exists yet",
  )
})

test("a chain is told from what is seen to where it began", () => {
  const root = cause("failed", "raw", { partition: "1", detail: "gone" })
  expect(chainWords(cause("upstream", "mid", { detail: "is made again", root }))).toBe(
    "mid is made again, because raw 1 failed: gone",
  )
})
