import { expect, it } from "vitest"
import { patchesOf } from "./patches"

it("takes a diff apart by functions, whatever is in them", () => {
  const diff =
    "--- a.load (12ab)\n+++ a.load (34cd)\n@@ -1,2 +1,2 @@\n--- x\n-y\n+z\n--- b (12ab)\n+++ b (34cd)\n@@ -1 +1 @@\n-1\n+2"
  expect(patchesOf(diff).map((each) => [each.name, each.patch.split("\n").length])).toEqual([
    ["a.load", 6],
    ["b", 5],
  ])
  expect(patchesOf("")).toEqual([])
})
