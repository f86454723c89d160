import { expect, test } from "vitest"
import { systemColour } from "./forced"

test("with forced colours trouble is told from what is well, words are ink, and areas are ground", () => {
  for (const family of ["failed", "stale", "late", "blocked", "running"] as const) {
    expect(systemColour(family)).not.toBe(systemColour("fresh-soft"))
    expect(systemColour(family)).not.toBe("Canvas")
    expect(systemColour(`${family}-soft`)).toBe("Canvas")
    expect(systemColour(`${family}-ink`)).toBe("CanvasText")
  }
  expect(systemColour("fresh-soft")).not.toBe(systemColour("missing-soft"))
  expect(systemColour("panel")).toBe("Canvas")
  expect(systemColour("hue-5")).not.toBe(systemColour("hue-6"))
})
