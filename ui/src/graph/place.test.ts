import fc from "fast-check"
import { expect, test } from "vitest"
import { arrange } from "./arrange"
import { centred } from "./camera"
import { cameraAt, placeOf } from "./place"
import { asked, type Scene, sceneOf } from "./scene"
import type { Item } from "./types"

function sceneFor(ids: readonly string[]): Scene {
  const items = ids.map((id): Item => ({ id, name: id, size: 1 }))
  const edges = ids.slice(1).map((to, at) => ({ from: ids[at] as string, to }))
  const question = asked(items, edges, false, null)
  return sceneOf(question, arrange(question.request))
}

const scene = sceneFor(["asset:raw", "asset:a,b", "asset:c/d", "asset:end"])
const window = { width: 800, height: 600 }

test("a place that was written is read as the same one, in a window of any size", () => {
  const far = fc.double({ min: -4000, max: 4000, noNaN: true })
  fc.assert(
    fc.property(far, far, fc.double({ min: 0.001, max: 2, noNaN: true }), (x, y, zoom) => {
      const place = placeOf(scene, centred(x, y, zoom, window), window)
      const other = { width: 500, height: 900 }
      const camera = cameraAt(scene, place, other)
      if (camera === null) throw new Error(`${place} is not read`)
      expect(Math.abs(camera.x + 250 / camera.zoom - x)).toBeLessThanOrEqual(0.51)
      expect(Math.abs(camera.y + 450 / camera.zoom - y)).toBeLessThanOrEqual(0.51)
      expect(Math.abs(camera.zoom / zoom - 1)).toBeLessThan(0.006)
    }),
  )
})

test("a place goes with its item when the layout is another one", () => {
  const at = scene.index.get("asset:c/d") as number
  const [x, y] = [scene.layout.x[at] as number, scene.layout.y[at] as number]
  const place = placeOf(scene, centred(x + 100, y + 10, 0.5, window), window)
  expect(place).toMatch(/,asset:c\/d$/)
  const longer = sceneFor(["asset:first", "asset:raw", "asset:a,b", "asset:c/d", "asset:end"])
  const there = longer.index.get("asset:c/d") as number
  const moved = (longer.layout.x[there] as number) - x
  expect(moved).toBeGreaterThan(100)
  expect(cameraAt(longer, place, window)?.x).toBeCloseTo(
    (cameraAt(scene, place, window)?.x ?? Number.NaN) + moved,
  )
})

test("what is no place, or one at something that is not there, is none", () => {
  for (const place of ["", "1", "x,1,2,asset:raw", "0,1,2,asset:raw", "9,1,2,asset:raw", "1,1,2,asset:gone"])
    expect(cameraAt(scene, place, window)).toBeNull()
  expect(placeOf(sceneFor([]), { x: 0, y: 0, zoom: 1 }, window)).toBe("")
})
