import { expect, test } from "vitest"
import { moment, number } from "./url-state"

test.each(["", " ", "-1", "11", "1e99", "NaN", "Infinity", "<script>", "%00"])(
  "%j is no number of hops",
  (raw) => {
    expect(number(2, 0, 10).read([raw])).toBe(2)
  },
)

test("a number within the bounds is read, and the default is left out", () => {
  expect(number(2, 0, 10).read(["7"])).toBe(7)
  expect(number(2, 0, 10).read([])).toBe(2)
  expect(number(2, 0, 10).write(2)).toEqual([])
})

test.each(["99999999999999999999", "8640000000000001", "1e300", "2026-01-01"])("%j is no moment", (raw) => {
  expect(moment().read([raw])).toBe(0)
})

test("a moment is always one that a Date can be", () => {
  expect(new Date(moment().read(["1351209600000.5"])).toISOString()).toBe("2012-10-26T00:00:00.001Z")
})
