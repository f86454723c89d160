import fc from "fast-check"
import { expect, test } from "vitest"
import { between, whole, zoomAt } from "./camera"

const window = { width: 800, height: 600 }

test("a fitted box is wholly in the window", () => {
  const size = fc.integer({ min: 1, max: 100_000 })
  fc.assert(
    fc.property(size, size, (width, height) => {
      const { x, y, zoom } = whole({ width, height }, window)
      expect(-x * zoom).toBeGreaterThanOrEqual(-0.01)
      expect(-y * zoom).toBeGreaterThanOrEqual(-0.01)
      expect((width - x) * zoom).toBeLessThanOrEqual(800.01)
      expect((height - y) * zoom).toBeLessThanOrEqual(600.01)
    }),
  )
})

test("what is under the pointer stays there while zooming", () => {
  const camera = { x: 30, y: -20, zoom: 0.5 }
  const after = zoomAt(camera, 200, 100, 1.7)
  expect(after.x + 200 / after.zoom).toBeCloseTo(camera.x + 200 / camera.zoom)
  expect(after.y + 100 / after.zoom).toBeCloseTo(camera.y + 100 / camera.zoom)
})

test("a flight begins and ends where it should", () => {
  const [a, b] = [
    { x: 0, y: 0, zoom: 0.1 },
    { x: 500, y: 90, zoom: 1.2 },
  ]
  expect(between(a, b, 0, window).x).toBeCloseTo(a.x)
  expect(between(a, b, 1, window).y).toBeCloseTo(b.y)
  expect(between(a, b, 1, window).zoom).toBeCloseTo(1.2)
})
