/** The graph on a canvas: for many nodes. Pan by drag, zoom by wheel, walk by arrow keys. */
import {
  type KeyboardEvent,
  type PointerEvent,
  useCallback,
  useEffect,
  useMemo,
  useRef,
  useState,
} from "react"
import { type Frame, pointIn, Surface, type SurfaceHandle, useWheel } from "@/canvas/surface"
import { stateOf } from "@/theme/states"
import { between, type Camera, centred, moved, whole, zoomAt } from "./camera"
import { Controls } from "./controls"
import classes from "./graph.module.css"
import { Minimap } from "./minimap"
import { Picture } from "./picture"
import { type Direction, itemAt, reach, type Scene, step } from "./scene"
import { NodeTip } from "./tip"
import type { FlowGraphProps } from "./types"
import { useKept } from "./use-kept"

export interface ViewProps
  extends Pick<FlowGraphProps, "label" | "onFold" | "onSelect" | "onOpen" | "plain" | "onDrawn" | "onPlace"> {
  readonly scene: Scene
  readonly layoutTook: number
  readonly selected: ReadonlySet<number>
  readonly focus: number | null
  readonly found: ReadonlySet<number> | null
  readonly place: string
}

const ARROWS: Readonly<Record<string, Direction>> = {
  ArrowLeft: "left",
  ArrowRight: "right",
  ArrowUp: "up",
  ArrowDown: "down",
}
/** Pixels that a pointer may move in a click. */
const STILL = 4
const FLIGHT = 220
/** Milliseconds after the last change of the zoom when a picture that was stretched is drawn sharply. */
const SETTLED = 90
/** So many items have a map in the corner. */
const MAPPED = 150

export default function CanvasView(props: ViewProps) {
  const { scene, selected, focus, found, label, place } = props
  const { onSelect, onOpen, onFold, plain, onDrawn, onPlace, layoutTook } = props
  const surface = useRef<SurfaceHandle>(null)
  const camera = useRef<Camera | null>(null)
  const drag = useRef<{
    x: number
    y: number
    far: boolean
    touches: Map<number, { x: number; y: number }>
  } | null>(null)
  const flight = useRef(0)
  const drawn = useRef(false)
  const picture = useRef(new Picture())
  const settling = useRef<ReturnType<typeof setTimeout>>(undefined)
  const [hovered, setHovered] = useState<number | null>(null)
  const [focused, setFocused] = useState<number | null>(null)
  const [tip, setTip] = useState<{ item: number; x: number; y: number } | null>(null)
  const [seen, setSeen] = useState<Camera | null>(null)
  const lit = hovered ?? focused
  const reached = useMemo(
    () => (lit === null || lit >= scene.items.length ? null : reach(scene, [lit])),
    [scene, lit],
  )

  const look = useCallback((next: Camera) => {
    if (camera.current && camera.current.zoom !== next.zoom) {
      clearTimeout(settling.current)
      settling.current = setTimeout(() => {
        settling.current = undefined
        surface.current?.redraw()
      }, SETTLED)
    }
    camera.current = next
    surface.current?.redraw()
    // the map follows; React hears of it once a frame
    setSeen(next)
  }, [])
  const fly = useCallback(
    (to: Camera) => {
      cancelAnimationFrame(flight.current)
      const from = camera.current
      const size = surface.current?.size()
      if (!from || !size || matchMedia("(prefers-reduced-motion: reduce)").matches) return look(to)
      const start = performance.now()
      const next = (now: number) => {
        const share = Math.min(1, (now - start) / FLIGHT)
        look(between(from, to, 1 - (1 - share) ** 3, size))
        if (share < 1) flight.current = requestAnimationFrame(next)
      }
      flight.current = requestAnimationFrame(next)
      return undefined
    },
    [look],
  )
  useEffect(
    () => () => {
      cancelAnimationFrame(flight.current)
      clearTimeout(settling.current)
    },
    [],
  )
  const middle = useCallback(
    (item: number, zoom?: number) => {
      const size = surface.current?.size()
      if (!size || !camera.current) return
      const x = (scene.layout.x[item] as number) + (scene.width[item] as number) / 2
      const y = (scene.layout.y[item] as number) + (scene.height[item] as number) / 2
      fly(centred(x, y, zoom ?? Math.max(camera.current.zoom, 0.7), size))
    },
    [scene, fly],
  )
  const all = useCallback(() => {
    const size = surface.current?.size()
    if (size) fly(whole(scene.layout, size))
  }, [scene, fly])
  const eye = {
    camera: () => camera.current,
    size: () => surface.current?.size() ?? null,
    go: (to: Camera) => {
      cancelAnimationFrame(flight.current)
      look(to)
    },
    home: () => (focus === null ? all() : middle(focus)),
  }
  const middled = focus === null ? undefined : scene.items[focus]?.id
  const kept = useKept({ scene, place, onPlace, eye, focus: middled, fits: false })
  const draw = useCallback(
    (frame: Frame) => {
      camera.current ??= kept.first(frame) ?? whole(scene.layout, frame)
      const start = performance.now()
      const look = { camera: camera.current, selected, reached, hovered, focused, found }
      picture.current.draw(frame, scene, look, settling.current !== undefined)
      if (!drawn.current) {
        drawn.current = true
        onDrawn?.({ layout: layoutTook, draw: performance.now() - start })
      }
    },
    [scene, selected, reached, hovered, focused, found, onDrawn, layoutTook, kept.first],
  )
  const showAll = useCallback(() => {
    all()
    // with a node in focus that one is where the view is at home
    if (focus === null) kept.sentHome()
    else kept.moved()
  }, [all, focus, kept.sentHome, kept.moved])
  const nearer = useCallback(
    (factor: number) => {
      const size = surface.current?.size()
      if (!size || !camera.current) return
      fly(zoomAt(camera.current, size.width / 2, size.height / 2, factor))
      kept.moved()
    },
    [fly, kept.moved],
  )
  const push = useCallback(
    (to: Camera) => {
      look(to)
      kept.moved()
    },
    [look, kept.moved],
  )
  const before = useRef(scene)
  useEffect(() => {
    if (before.current === scene) return
    before.current = scene
    setHovered(null)
    setTip(null)
    setFocused((item) => (item !== null && item < scene.items.length ? item : null))
  }, [scene])

  useWheel(
    () => surface.current?.canvas,
    (event, pixels) => {
      if (!camera.current) return false
      const canvas = surface.current?.canvas
      if (!canvas) return false
      const rect = canvas.getBoundingClientRect()
      cancelAnimationFrame(flight.current)
      if (event.shiftKey) push(moved(camera.current, pixels.x || pixels.y, 0))
      else if (!event.ctrlKey && !event.metaKey && Math.abs(pixels.x) > Math.abs(pixels.y))
        push(moved(camera.current, pixels.x, pixels.y))
      else
        push(
          zoomAt(
            camera.current,
            event.clientX - rect.left,
            event.clientY - rect.top,
            // a pinch comes as small turns of the wheel with Ctrl
            Math.exp(-pixels.y * (event.ctrlKey ? 0.01 : 0.0016)),
          ),
        )
      setTip(null)
      return true
    },
  )

  const under = (event: PointerEvent) => {
    const { x, y } = pointIn(event)
    const at = camera.current
    return at === null ? null : itemAt(scene, at.x + x / at.zoom, at.y + y / at.zoom)
  }
  const onPointerDown = (event: PointerEvent<HTMLCanvasElement>) => {
    if (event.button > 1) return
    cancelAnimationFrame(flight.current)
    event.currentTarget.setPointerCapture(event.pointerId)
    const touches = drag.current?.touches ?? new Map()
    touches.set(event.pointerId, pointIn(event))
    drag.current = { ...pointIn(event), far: false, touches }
  }
  const onPointerMove = (event: PointerEvent<HTMLCanvasElement>) => {
    const here = pointIn(event)
    const held = drag.current
    if (held === null || !camera.current) {
      const item = under(event)
      setHovered(item)
      setTip(item === null ? null : { item, ...here })
      return
    }
    const last = held.touches.get(event.pointerId) ?? here
    const other = [...held.touches].find(([id]) => id !== event.pointerId)?.[1]
    if (other) {
      const far = (point: { x: number; y: number }) => Math.hypot(point.x - other.x, point.y - other.y)
      push(
        zoomAt(
          camera.current,
          (here.x + other.x) / 2,
          (here.y + other.y) / 2,
          far(here) / Math.max(1, far(last)),
        ),
      )
      held.far = true
    } else {
      if (Math.hypot(here.x - held.x, here.y - held.y) > STILL) held.far = true
      if (held.far) push(moved(camera.current, last.x - here.x, last.y - here.y))
    }
    held.touches.set(event.pointerId, here)
    if (held.far) setTip(null)
  }
  const onPointerUp = (event: PointerEvent<HTMLCanvasElement>) => {
    const held = drag.current
    held?.touches.delete(event.pointerId)
    if (held && held.touches.size === 0) drag.current = null
    if (!held || held.far || event.type === "pointercancel") return
    const item = under(event)
    const id = item === null ? null : (scene.items[item]?.id ?? null)
    setFocused(item)
    onSelect?.(id, event.shiftKey || event.ctrlKey || event.metaKey)
  }
  const open = (item: number | null) => {
    const given = item === null ? undefined : scene.items[item]
    if (given?.folds !== undefined) onFold?.(given.folds, false)
    else if (given) onOpen?.(given.id)
  }
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.metaKey || event.ctrlKey || event.altKey) return
    const direction = ARROWS[event.key]
    if (direction && event.shiftKey && camera.current) {
      const by = { left: [-80, 0], right: [80, 0], up: [0, -80], down: [0, 80] }[direction] as [
        number,
        number,
      ]
      push(moved(camera.current, ...by))
    } else if (direction) {
      const next = step(scene, focused, direction)
      if (next !== null) {
        setFocused(next)
        setHovered(null)
        setTip(null)
        middle(next, camera.current?.zoom)
        kept.moved()
      }
    } else if (event.key === "Enter") open(focused)
    else if (event.key === " ")
      onSelect?.(focused === null ? null : (scene.items[focused]?.id ?? null), event.shiftKey)
    else if (event.key === "+" || event.key === "=") nearer(1.5)
    else if (event.key === "-") nearer(1 / 1.5)
    else if (event.key === "0") showAll()
    else if (event.key === "Escape" && (focused !== null || selected.size > 0)) {
      setFocused(null)
      onSelect?.(null, false)
    } else return
    event.preventDefault()
    event.stopPropagation()
  }
  const resized = useCallback(() => {
    if (camera.current) kept.resized()
  }, [kept.resized])
  const said = focused === null ? undefined : scene.items[focused]
  return (
    <div className={classes.view}>
      <Surface
        handle={surface}
        draw={draw}
        onResize={resized}
        className={classes.fill}
        label={`${label}: ${scene.items.length} nodes. Arrow keys walk along the edges, Enter opens, Space selects, plus and minus zoom, 0 shows all.`}
        role="application"
        tabIndex={0}
        data-dragging={drag.current !== null || undefined}
        onPointerDown={onPointerDown}
        onPointerMove={onPointerMove}
        onPointerUp={onPointerUp}
        onPointerCancel={onPointerUp}
        onPointerLeave={() => {
          if (drag.current) return
          setHovered(null)
          setTip(null)
        }}
        onDoubleClick={() => open(hovered)}
        onKeyDown={onKeyDown}
      />
      <p className={classes.hidden} aria-live="polite">
        {said && [said.name, said.state && stateOf(said.state).label, said.note].filter(Boolean).join(", ")}
      </p>
      {tip && scene.items[tip.item] && <NodeTip scene={scene} item={tip.item} x={tip.x} y={tip.y} />}
      {!plain && <Controls onIn={() => nearer(1.5)} onOut={() => nearer(1 / 1.5)} onAll={showAll} />}
      {!plain && scene.items.length >= MAPPED && (
        <Minimap
          scene={scene}
          camera={seen ?? camera.current}
          window={surface.current?.size() ?? { width: 0, height: 0 }}
          onLook={(x, y) => {
            const size = surface.current?.size()
            if (size && camera.current) push(centred(x, y, camera.current.zoom, size))
          }}
        />
      )}
    </div>
  )
}
