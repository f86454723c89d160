import { expect, test } from "vitest"
import { keysOf } from "./dynamic-key-words"

test("keys stand one a line, each counts once, and empty lines are none", () => {
  expect(keysOf(" AAPL \n\nIBM\nAAPL\n")).toEqual(["AAPL", "IBM"])
  expect(keysOf("a key, with a comma")).toEqual(["a key, with a comma"])
  expect(keysOf("  \n")).toEqual([])
})
