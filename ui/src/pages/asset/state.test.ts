import { expect, test } from "vitest"
import { selectOf } from "./state"

test("an asset is selected exactly, whatever its key looks like", () => {
  expect(selectOf("trades")).toBe("key:trades")
  expect(selectOf("risk/var-99.d")).toBe("risk/var-99.d")
  expect(selectOf('odd "one"')).toBe('key:"odd \\"one\\""')
})
