/**
 * What is seen of a graph as a text that a URL can keep: the zoom, and the window's middle as seen from the item that
 * is nearest to it. Coordinates alone would mean another place as soon as the layout is another one, as it is after an
 * asset came or a group was folded, and in each browser that folded in another order.
 *
 * `0.42,-12,35,asset:raw_trades`: at zoom 0.42 the middle is 12 left of and 35 below the middle of that item.
 */
import { type Camera, centred, type Size, ZOOM } from "./camera"
import type { Scene } from "./scene"

function middleOf({ layout, width, height }: Scene, item: number): readonly [x: number, y: number] {
  return [
    (layout.x[item] as number) + (width[item] as number) / 2,
    (layout.y[item] as number) + (height[item] as number) / 2,
  ]
}

/** Empty for a graph without items. */
export function placeOf(scene: Scene, camera: Camera, window: Size): string {
  const x = camera.x + window.width / 2 / camera.zoom
  const y = camera.y + window.height / 2 / camera.zoom
  let nearest = -1
  let least = Number.POSITIVE_INFINITY
  for (let item = 0; item < scene.items.length; item += 1) {
    const [across, down] = middleOf(scene, item)
    const far = (across - x) ** 2 + (down - y) ** 2
    if (far < least) {
      least = far
      nearest = item
    }
  }
  const id = scene.items[nearest]?.id
  if (id === undefined) return ""
  const [across, down] = middleOf(scene, nearest)
  return `${Number(camera.zoom.toPrecision(3))},${Math.round(x - across)},${Math.round(y - down)},${id}`
}

const WRITTEN = /^([0-9.]+(?:e-?\d+)?),(-?\d+),(-?\d+),(.+)$/s

/** The camera that a place means in this graph; null where it is none, or where its item is not there. */
export function cameraAt(scene: Scene, place: string, window: Size): Camera | null {
  const [, zoom, dx, dy, id] = WRITTEN.exec(place) ?? []
  const item = id === undefined ? undefined : scene.index.get(id)
  if (item === undefined) return null
  const near = Number(zoom)
  if (!(near >= ZOOM.least && near <= ZOOM.most)) return null
  const [x, y] = middleOf(scene, item)
  return centred(x + Number(dx), y + Number(dy), near, window)
}
