/**
 * All partitions of an asset, or intervals of a pipeline, in one line, however many there are: the server sends ranges, the canvas draws pixels.
 *
 * Drag selects, Shift adds; Ctrl or Cmd with the wheel zooms, a sideways wheel moves. By keys: arrows go from one to the
 * next (Shift selects on the way), `+` and `-` zoom, 0 shows all, Space selects, Enter opens, Escape selects nothing.
 */
import {
  type KeyboardEvent,
  type PointerEvent,
  useCallback,
  useEffect,
  useMemo,
  useRef,
  useState,
} from "react"
import type { Schema } from "@/api/client"
import { pointIn, Surface, type SurfaceHandle, useWheel } from "@/canvas/surface"
import { type Owner, useStripOf } from "./partition-owner"
import classes from "./partition-strip.module.css"
import { BAND, drawStrip, EDGE, heightOf, isZoomed, type StripPicture } from "./partition-strip-draw"
import { between, type Range, type Ranges, toggled, union } from "./partition-strip-ranges"
import { PartitionTip } from "./partition-strip-tip"
import {
  clamped,
  moved,
  ordinalAt,
  pixelOf,
  showing,
  stretchesOf,
  type Window,
  zoomed,
} from "./partition-strip-window"

interface StripProps {
  readonly owner: Owner
  readonly strip: Schema["StripView"]
  readonly selection: Ranges
  readonly onSelect: (ranges: Ranges) => void
  /** The part that is looked at; null for all. */
  readonly window: Window | null
  readonly onWindow: (window: Window | null) => void
  /** Statuses that stand out; all without any. */
  readonly lit?: readonly string[]
  readonly onOpen?: (ordinal: number) => void
}

export function PartitionStrip(props: StripProps) {
  const { owner, strip, selection, onSelect, onWindow, lit = [], onOpen } = props
  const surface = useRef<SurfaceHandle>(null)
  const [width, setWidth] = useState(0)
  const [hover, setHover] = useState<number | null>(null)
  const [cursor, setCursor] = useState<number | null>(null)
  const [drag, setDrag] = useState<{ from: number; to: number; adds: boolean } | null>(null)
  const whole = useMemo(() => ({ start: strip.start, stop: strip.stop }), [strip.start, strip.stop])
  const window = useMemo(() => clamped(props.window ?? whole, whole), [props.window, whole])
  const part = usePart(owner, strip, window)
  const picture = useMemo<StripPicture>(() => {
    const drawn: Ranges = drag ? [between(drag.from, drag.to)] : []
    return {
      stretches: stretchesOf(part),
      marks: part.marks,
      whole,
      window,
      selection: drag ? (drag.adds ? union(selection, drawn) : drawn) : selection,
      lit,
      cursor,
      hover,
    }
  }, [part, whole, window, selection, lit, cursor, hover, drag])
  const draw = useCallback((frame: Parameters<typeof drawStrip>[0]) => drawStrip(frame, picture), [picture])

  const show = (next: Window) =>
    onWindow(
      isZoomed({ whole, window: next })
        ? { start: Math.round(next.start), stop: Math.round(next.stop) }
        : null,
    )
  // a window that is rounded at each turn of the wheel would drift; the exact one is kept between turns
  const exact = useRef(window)
  useEffect(() => {
    if (Math.abs(exact.current.start - window.start) > 1 || Math.abs(exact.current.stop - window.stop) > 1)
      exact.current = window
  }, [window])
  useWheel(
    () => surface.current?.canvas,
    (event, pixels) => {
      if (event.ctrlKey || event.metaKey || document.activeElement === surface.current?.canvas) {
        exact.current =
          Math.abs(pixels.x) > Math.abs(pixels.y)
            ? moved(exact.current, pixels.x / Math.max(1, width), whole)
            : zoomed(exact.current, Math.exp(pixels.y / 240), pointIn(event).x / Math.max(1, width), whole)
      } else if (Math.abs(pixels.x) > Math.abs(pixels.y)) {
        exact.current = moved(exact.current, pixels.x / Math.max(1, width), whole)
      } else return false
      show(exact.current)
      return true
    },
  )

  const at = (event: PointerEvent) => ordinalAt(pointIn(event).x, width, window)
  const onPointerDown = (event: PointerEvent<HTMLCanvasElement>) => {
    if (event.button !== 0) return
    const { x, y } = pointIn(event)
    if (y > BAND + 2 * EDGE) {
      const middle = ordinalAt(x, width, whole)
      const half = (window.stop - window.start) / 2
      if (isZoomed(picture)) show(clamped({ start: middle - half, stop: middle + half }, whole))
      return
    }
    event.currentTarget.setPointerCapture(event.pointerId)
    setCursor(null)
    setDrag({ from: at(event), to: at(event), adds: event.shiftKey || event.ctrlKey || event.metaKey })
  }
  const onPointerMove = (event: PointerEvent<HTMLCanvasElement>) => {
    setHover(pointIn(event).y <= BAND + 2 * EDGE ? at(event) : null)
    if (drag) setDrag({ ...drag, to: at(event) })
  }
  const onPointerUp = () => {
    if (!drag) return
    setDrag(null)
    const range = between(drag.from, drag.to)
    if (drag.adds) onSelect(drag.from === drag.to ? toggled(selection, range) : union(selection, [range]))
    else onSelect([range])
  }
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return
    const here = cursor ?? selection[0]?.[0] ?? Math.ceil(window.start)
    const go = (to: number) => {
      const next = Math.min(whole.stop - 1, Math.max(whole.start, to))
      setCursor(next)
      if (event.shiftKey) onSelect(union(selection, [between(here, next)] as readonly Range[]))
      const shown = showing(window, next, whole)
      if (shown !== window) show(shown)
    }
    const page = Math.max(1, Math.round((window.stop - window.start) / 10))
    const closer = () =>
      show(zoomed(window, 0.5, (here + 0.5 - window.start) / (window.stop - window.start), whole))
    const acts = new Map<string, () => void>([
      ["ArrowRight", () => go(cursor === null ? here : here + 1)],
      ["ArrowLeft", () => go(cursor === null ? here : here - 1)],
      ["PageDown", () => go(here + page)],
      ["PageUp", () => go(here - page)],
      ["Home", () => go(whole.start)],
      ["End", () => go(whole.stop - 1)],
      ["+", closer],
      ["=", closer],
      ["-", () => show(zoomed(window, 2, 0.5, whole))],
      ["0", () => onWindow(null)],
      [" ", () => onSelect(toggled(selection, [here, here + 1]))],
      ["Enter", () => onOpen?.(here)],
      ["Escape", () => onSelect([])],
    ])
    const act = acts.get(event.key)
    if (!act) return
    event.preventDefault()
    act()
  }
  const told = hover ?? cursor
  return (
    <div className={classes.strip} style={{ height: heightOf(picture) }}>
      <Surface
        handle={surface}
        draw={draw}
        className={classes.fill}
        label={`${strip.total} ${owner.kind === "pipeline" ? "intervals" : "partitions"} of ${owner.name}. Arrows move, Space selects, plus and minus zoom, Enter opens.`}
        role="application"
        tabIndex={0}
        onResize={setWidth}
        onPointerDown={onPointerDown}
        onPointerMove={onPointerMove}
        onPointerUp={onPointerUp}
        onPointerLeave={() => setHover(null)}
        onDoubleClick={() => hover !== null && onOpen?.(hover)}
        onKeyDown={onKeyDown}
        onBlur={() => setCursor(null)}
      />
      {told !== null && (
        <PartitionTip
          owner={owner}
          ordinal={told}
          x={pixelOf(told + 0.5, width, window)}
          y={BAND + 2 * EDGE}
          width={width}
          aloud={hover === null}
        />
      )}
    </div>
  )
}

/** What is drawn: the whole strip, or, where that is gathered and a part is looked at, that part in full. */
function usePart(owner: Owner, strip: Schema["StripView"], window: Window): Schema["StripView"] {
  const whole = window.stop - window.start >= strip.stop - strip.start
  const [settled, setSettled] = useState(window)
  useEffect(() => {
    const due = setTimeout(() => setSettled(window), 120)
    return () => clearTimeout(due)
  }, [window])
  // some more on both sides, so that moving a little shows nothing empty
  const margin = Math.ceil((settled.stop - settled.start) / 4)
  const part = useStripOf(
    owner,
    {
      start: Math.max(strip.start, Math.floor(settled.start) - margin),
      stop: Math.ceil(settled.stop) + margin,
      cells: 2000,
    },
    { enabled: !whole },
  ).data
  const covers =
    !whole &&
    part !== undefined &&
    part.fingerprint === strip.fingerprint &&
    part.start <= window.start + 0.5 &&
    part.stop >= window.stop - 0.5
  return useMemo(() => {
    if (!covers || !part) return strip
    return strip.segments.length > 0 ? { ...strip, marks: part.marks } : part
  }, [covers, part, strip])
}
