import { expect, test } from "vitest"
import { namesOf, numberWords, type Point, seriesOf, timeWords } from "./series-plot-data"

const point = (version: number, partition: string, at: string, rows: number, current = true): Point => ({
  version: `v${version}`,
  partition,
  at: `2026-01-${at}T00:00:00Z`,
  current,
  state: "current",
  numbers: { rows },
})

const points = [point(9, "b10", "05", 4), point(7, "b9", "03", 2), point(5, "b9", "01", 1, false)]

test("over time every version is a point, the oldest first", () => {
  expect(seriesOf(points, "rows", "time").y).toEqual([1, 2, 4])
})

test("over partitions there is the current version of each, in the order of keys", () => {
  const found = seriesOf(points, "rows", "partition")
  expect([found.names, found.y]).toEqual([
    ["b9", "b10"],
    [2, 4],
  ])
})

test("a number that some versions lack has only the points that are there", () => {
  const lacking = { ...point(11, "b11", "06", 0), numbers: { bytes: 5 } }
  expect(seriesOf([...points, lacking], "rows", "time").y).toHaveLength(3)
  expect(namesOf([...points, lacking])).toEqual(["rows", "bytes"])
})

test("numbers are short, and small ones are not nothing", () => {
  expect([0, 1.23456, 12_345, 123_456_789, 0.00001].map(numberWords)).toEqual([
    "0",
    "1.235",
    "12,345",
    "123.46M",
    "1.0e-5",
  ])
})

test("an axis says the day once, and the time of the day while that tells more", () => {
  const noon = Date.UTC(2026, 0, 5, 12) / 1000
  expect(timeWords([noon, noon + 3600], "UTC")).toEqual(["01-05 12:00", "13:00"])
  expect(timeWords([noon, noon + 2 * 86_400], "UTC")).toEqual(["2026-01-05", "2026-01-07"])
})
