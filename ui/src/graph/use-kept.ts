/**
 * Keeps what is seen of a graph: in a page's URL, if it takes it, and when the layout becomes another one.
 *
 * A place is written once the view has rested after somebody moved it, and read when it is another than what was
 * written, as after going back. Without one the view is `home`: the whole graph, or what is in focus in the middle.
 */
import { useCallback, useEffect, useRef } from "react"
import type { Camera, Size } from "./camera"
import { cameraAt, placeOf } from "./place"
import type { Scene } from "./scene"

/** Milliseconds without a move after which a place is written. */
const RESTED = 250

/** The view that is kept. */
export interface Eye {
  /** Null before the first picture. */
  readonly camera: () => Camera | null
  readonly size: () => Size | null
  readonly go: (camera: Camera) => void
  readonly home: () => void
}

interface Given {
  readonly scene: Scene
  readonly place: string
  readonly onPlace: ((place: string) => void) | undefined
  readonly eye: Eye
  /** The id of what is brought into the middle when the view goes home. */
  readonly focus: string | undefined
  /** Whether the view goes home with each new layout while nobody moved it. Else only with a wholly other graph. */
  readonly fits: boolean
}

export interface Kept {
  /** Said after each move that somebody made. */
  readonly moved: () => void
  /** Said when somebody sent the view home. */
  readonly sentHome: () => void
  /** Said when the window has another size: its middle is then elsewhere. */
  readonly resized: () => void
  /** Where the view begins; null for home. */
  readonly first: (size: Size) => Camera | null
}

export function useKept({ scene, place, onPlace, eye, focus, fits }: Given): Kept {
  const current = useRef(place)
  const before = useRef(scene)
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined)
  /** What was written and is not yet heard of again: a URL changes a bit later than it is told to. */
  const written = useRef<string[]>([])
  const latest = useRef({ eye, onPlace, focus, fits })
  latest.current = { eye, onPlace, focus, fits }

  const write = useCallback((next: string) => {
    clearTimeout(timer.current)
    timer.current = undefined
    if (next === current.current) return
    current.current = next
    if (latest.current.onPlace === undefined) return
    written.current.push(next)
    latest.current.onPlace(next)
  }, [])
  const note = useCallback(() => {
    const camera = latest.current.eye.camera()
    const size = latest.current.eye.size()
    if (camera && size) write(placeOf(before.current, camera, size))
  }, [write])
  const moved = useCallback(() => {
    clearTimeout(timer.current)
    timer.current = setTimeout(note, RESTED)
  }, [note])
  // a frame later: views have no size before their first layout, and measure what is new in a graph
  const frame = useRef(0)
  const goHome = useCallback(() => {
    cancelAnimationFrame(frame.current)
    frame.current = requestAnimationFrame(() => latest.current.eye.home())
  }, [])
  useEffect(
    () => () => {
      clearTimeout(timer.current)
      cancelAnimationFrame(frame.current)
    },
    [],
  )

  useEffect(() => {
    const own = written.current.indexOf(place)
    if (own >= 0) written.current.splice(0, own + 1)
    if (own >= 0 || place === current.current) return
    clearTimeout(timer.current)
    timer.current = undefined
    written.current = []
    current.current = place
    const size = latest.current.eye.size()
    const camera = size && cameraAt(before.current, place, size)
    if (camera) latest.current.eye.go(camera)
    else if (place === "") goHome()
  }, [place, goHome])

  useEffect(() => {
    if (focus !== undefined && current.current === "" && timer.current === undefined) goHome()
  }, [focus, goHome])

  useEffect(() => {
    const old = before.current
    if (old === scene) return
    if (old.layout === scene.layout) {
      before.current = scene
      return
    }
    // what was moved and not yet written down is a place in the old layout
    if (timer.current !== undefined) note()
    before.current = scene
    const { eye, focus, fits } = latest.current
    const size = eye.size()
    const camera = size && cameraAt(scene, current.current, size)
    if (camera) eye.go(camera)
    else if (current.current !== "" && isMostly(scene, old)) moved()
    else if (fits || focus !== undefined || !isMostly(scene, old)) goHome()
  }, [scene, note, moved, goHome])

  return {
    moved,
    sentHome: useCallback(() => write(""), [write]),
    resized: useCallback(() => {
      if (current.current !== "") moved()
    }, [moved]),
    first: useCallback((size: Size) => cameraAt(before.current, current.current, size), []),
  }
}

/** Whether more than half of each graph is in the other. */
function isMostly(scene: Scene, before: Scene): boolean {
  const kept = scene.items.filter((item) => before.index.has(item.id)).length
  return kept * 2 > Math.max(scene.items.length, before.items.length)
}
