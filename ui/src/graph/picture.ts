/**
 * A picture of a part of a large graph, a bit larger than the window, that is moved in place of drawing everything
 * anew: thousands of lines in one view cost more than a frame. While the zoom changes it is stretched, and drawn anew
 * when it rests.
 */
import type { Frame } from "@/canvas/surface"
import { type Look, paint } from "./paint"
import type { Scene } from "./scene"

/** Smaller graphs are drawn anew in each frame. */
const FROM = 3000
/** Pixels around the window. */
const AROUND = 320

/** What a picture is of. */
interface Of {
  readonly look: Look
  readonly scene: Scene
  readonly colours: Frame["colours"]
  readonly width: number
  readonly height: number
  readonly ratio: number
}

export class Picture {
  private picture: HTMLCanvasElement | null = null
  private of: Of | null = null

  /** Draw the scene, by the picture where that serves. `moving`: the zoom is just being changed. */
  draw(frame: Frame, scene: Scene, look: Look, moving: boolean): void {
    if (scene.items.length < FROM) {
      this.of = null
      paint(frame, scene, look)
      return
    }
    if (!this.serves(frame, scene, look, moving)) this.make(frame, scene, look)
    const { picture, of } = this
    if (picture === null || of === null) return
    const { camera } = look
    const scale = camera.zoom / of.look.camera.zoom
    frame.context.drawImage(
      picture,
      (of.look.camera.x - camera.x) * camera.zoom - AROUND * scale,
      (of.look.camera.y - camera.y) * camera.zoom - AROUND * scale,
      (of.width + 2 * AROUND) * scale,
      (of.height + 2 * AROUND) * scale,
    )
  }

  private serves(
    { width, height, ratio, colours }: Frame,
    scene: Scene,
    look: Look,
    moving: boolean,
  ): boolean {
    const { of } = this
    if (of === null || of.scene !== scene || of.colours !== colours) return false
    if (of.width !== width || of.height !== height || of.ratio !== ratio) return false
    const { camera, ...rest } = look
    const { camera: before, ...same } = of.look
    if (Object.entries(rest).some(([name, value]) => same[name as keyof typeof same] !== value)) return false
    if (moving) return true
    return (
      before.zoom === camera.zoom &&
      Math.abs(camera.x - before.x) * camera.zoom <= AROUND &&
      Math.abs(camera.y - before.y) * camera.zoom <= AROUND
    )
  }

  private make({ width, height, ratio, colours }: Frame, scene: Scene, look: Look): void {
    this.picture ??= document.createElement("canvas")
    const [across, down] = [width + 2 * AROUND, height + 2 * AROUND]
    this.picture.width = Math.round(across * ratio)
    this.picture.height = Math.round(down * ratio)
    const context = this.picture.getContext("2d")
    if (context === null) return
    context.setTransform(ratio, 0, 0, ratio, 0, 0)
    const { camera } = look
    const wider = {
      x: camera.x - AROUND / camera.zoom,
      y: camera.y - AROUND / camera.zoom,
      zoom: camera.zoom,
    }
    paint({ context, width: across, height: down, ratio, colours }, scene, { ...look, camera: wider })
    this.of = { look, scene, colours, width, height, ratio }
  }
}
