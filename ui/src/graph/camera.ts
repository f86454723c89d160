/** Which part of a drawing is seen: the corner in the drawing's own units, and pixels a unit. */

export interface Camera {
  readonly x: number
  readonly y: number
  readonly zoom: number
}

export interface Size {
  readonly width: number
  readonly height: number
}

export const ZOOM = { least: 0.001, most: 2 } as const

function within(zoom: number): number {
  return Math.min(ZOOM.most, Math.max(ZOOM.least, zoom))
}

/** All of a drawing in the window, in its middle; not larger than at zoom 1. */
export function whole(box: Size, window: Size, pad = 28): Camera {
  const zoom = within(
    Math.min(
      1,
      (window.width - 2 * pad) / Math.max(1, box.width),
      (window.height - 2 * pad) / Math.max(1, box.height),
    ),
  )
  return centred(box.width / 2, box.height / 2, zoom, window)
}

export function centred(x: number, y: number, zoom: number, window: Size): Camera {
  return { x: x - window.width / 2 / zoom, y: y - window.height / 2 / zoom, zoom }
}

/** Nearer or farther, with what is under the point staying there. */
export function zoomAt(camera: Camera, px: number, py: number, factor: number): Camera {
  const zoom = within(camera.zoom * factor)
  const x = camera.x + px / camera.zoom - px / zoom
  const y = camera.y + py / camera.zoom - py / zoom
  return { x, y, zoom }
}

export function moved(camera: Camera, dx: number, dy: number): Camera {
  return { x: camera.x + dx / camera.zoom, y: camera.y + dy / camera.zoom, zoom: camera.zoom }
}

/** From one camera to another: where it is after a share of the way. Zoom changes evenly to the eye. */
export function between(from: Camera, to: Camera, share: number, window: Size): Camera {
  const zoom = from.zoom * (to.zoom / from.zoom) ** share
  const middle = (camera: Camera) => [
    camera.x + window.width / 2 / camera.zoom,
    camera.y + window.height / 2 / camera.zoom,
  ]
  const [ax = 0, ay = 0] = middle(from)
  const [bx = 0, by = 0] = middle(to)
  return centred(ax + (bx - ax) * share, ay + (by - ay) * share, zoom, window)
}
