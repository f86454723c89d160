import { type PointerEvent, useCallback } from "react"
import { type Frame, pointIn, Surface } from "@/canvas/surface"
import { type Camera, type Size, whole } from "./camera"
import classes from "./graph.module.css"
import { tone } from "./paint"
import type { Scene } from "./scene"

interface MinimapProps {
  readonly scene: Scene
  readonly camera: Camera | null
  readonly window: Size
  readonly onLook: (x: number, y: number) => void
}

const SIZE = { width: 168, height: 112 }

/** The whole graph in a corner, with what of it is seen; a click or drag moves there. */
export function Minimap({ scene, camera, window, onLook }: MinimapProps) {
  const nodes = useCallback(
    ({ context, colours }: Frame) => {
      const { x, y, zoom } = whole(scene.layout, SIZE, 8)
      const wide = Math.max(1, 224 * zoom)
      const high = Math.max(1, 66 * zoom)
      for (const [at, item] of scene.items.entries()) {
        context.fillStyle = colours(tone(item))
        context.fillRect(
          ((scene.layout.x[at] as number) - x) * zoom,
          ((scene.layout.y[at] as number) - y) * zoom,
          wide,
          high,
        )
      }
    },
    [scene],
  )
  const seen = useCallback(
    ({ context, colours }: Frame) => {
      if (!camera) return
      const { x, y, zoom } = whole(scene.layout, SIZE, 8)
      context.strokeStyle = colours("accent")
      context.lineWidth = 1.5
      context.strokeRect(
        (camera.x - x) * zoom,
        (camera.y - y) * zoom,
        (window.width / camera.zoom) * zoom,
        (window.height / camera.zoom) * zoom,
      )
    },
    [scene, camera, window],
  )
  const go = (event: PointerEvent<HTMLCanvasElement>) => {
    if (event.buttons !== 1) return
    const point = pointIn(event)
    const { x, y, zoom } = whole(scene.layout, SIZE, 8)
    onLook(x + point.x / zoom, y + point.y / zoom)
  }
  return (
    <div className={classes.map}>
      <Surface draw={nodes} className={classes.fill} label="" />
      <Surface
        draw={seen}
        className={classes.fill}
        label="Map of the whole graph"
        onPointerDown={(event) => {
          event.currentTarget.setPointerCapture(event.pointerId)
          go(event)
        }}
        onPointerMove={go}
      />
    </div>
  )
}
