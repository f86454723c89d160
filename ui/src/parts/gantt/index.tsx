import { ActionIcon, Tooltip } from "@mantine/core"
import { Maximize2, Minus, Plus } from "lucide-react"
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
import { type Axis, placeOf } from "./axis"
import { draw, HEAD, type Picture, placeAt, ROW, type Window } from "./draw"
import classes from "./gantt.module.css"
import type { Line, Part } from "./model"
import { Tip } from "./tip"

interface GanttProps {
  readonly lines: readonly Line[]
  readonly critical: ReadonlySet<string>
  readonly axis: Axis
  readonly origin: number
  readonly now: number
  readonly live: boolean
  readonly selected: string | null
  readonly onSelect: (line: Line | null) => void
  readonly onToggle: (line: Line) => void
  /** The window of the axis as parts of its length, null for the whole. */
  readonly zoom: readonly [number, number] | null
  readonly onZoom: (zoom: readonly [number, number] | null) => void
}

/** Names get this much of the width. */
const NAMES = 0.24

/** Bars of steps over time. The wheel scrolls lines; with Ctrl it zooms, with Shift, or by dragging, it moves in time. */
export function Gantt(props: GanttProps) {
  const { lines, critical, axis, origin, now, live, selected, onSelect, onToggle, zoom } = props
  const surface = useRef<SurfaceHandle>(null)
  const scroller = useRef<HTMLDivElement>(null)
  const [focused, setFocused] = useState(false)
  const [hover, setHover] = useState<{ line: Line; part: Part | null; x: number; y: number } | null>(null)
  const moving = useRef<{ zoom: readonly [number, number]; x: number; moved: boolean } | null>(null)
  const pending = useRef<readonly [number, number] | null>(null)
  const later = useRef<ReturnType<typeof setTimeout>>(undefined)
  const latest = useRef(props)
  latest.current = props

  const windowNow = useCallback((): Window => {
    const { zoom, axis } = latest.current
    const [from, to] = pending.current ?? zoom ?? [0, 1]
    return { from: from * axis.length, to: to * axis.length }
  }, [])
  const picture = useCallback(
    (width: number): Picture => {
      const given = latest.current
      return {
        lines: given.lines,
        critical: given.critical,
        axis: given.axis,
        window: windowNow(),
        origin: given.origin,
        now: given.now,
        live: given.live,
        scrolled: scroller.current?.scrollTop ?? 0,
        names: Math.round(Math.max(190, Math.min(380, width * NAMES))),
        selected: given.selected,
        hovered: hover?.line.id ?? null,
        focused,
      }
    },
    [hover, focused, windowNow],
  )
  // biome-ignore lint/correctness/useExhaustiveDependencies: another function is another picture
  const paint = useCallback(
    (frame: Frame) => draw(frame, picture(frame.width)),
    [picture, lines, critical, axis, origin, now, live, selected, zoom],
  )
  /** Show another window at once, and tell of it when it rests. */
  const move = useCallback((next: readonly [number, number] | null) => {
    pending.current = next ?? [0, 1]
    surface.current?.redraw()
    clearTimeout(later.current)
    later.current = setTimeout(() => {
      latest.current.onZoom(next)
    }, 200)
  }, [])
  // biome-ignore lint/correctness/useExhaustiveDependencies: what the URL says is what counts from then on
  useEffect(() => {
    pending.current = null
  }, [zoom])
  useEffect(() => () => clearTimeout(later.current), [])

  const zoomBy = useCallback(
    (factor: number, at = 0.5) => {
      const { from, to } = windowNow()
      const length = latest.current.axis.length
      const [a, b] = [from / length, to / length]
      const middle = a + (b - a) * at
      const next = [middle - (middle - a) * factor, middle + (b - middle) * factor] as const
      move(next[1] - next[0] >= 1 ? null : kept(next))
    },
    [move, windowNow],
  )
  useWheel(
    () => scroller.current,
    (event, pixels) => {
      const width = surface.current?.size().width ?? 1
      const sideways = event.shiftKey ? pixels.y || pixels.x : pixels.x
      if (event.ctrlKey || event.metaKey) {
        const place = placeAt(
          picture(width),
          width,
          pointIn({ currentTarget: scroller.current, clientX: event.clientX, clientY: event.clientY }).x,
        )
        const { from, to } = windowNow()
        zoomBy(Math.exp(pixels.y * 0.0025), Math.min(1, Math.max(0, (place - from) / (to - from))))
        return true
      }
      if (Math.abs(sideways) > Math.abs(event.shiftKey ? 0 : pixels.y)) {
        const { from, to } = windowNow()
        const length = latest.current.axis.length
        const by = ((sideways / width) * (to - from)) / length
        if (to - from < length) move(kept([from / length + by, to / length + by]))
        return true
      }
      return false
    },
  )

  const found = (event: PointerEvent<HTMLElement>) => {
    const { x, y } = pointIn(event)
    const width = surface.current?.size().width ?? 1
    const index = Math.floor((y - HEAD + (scroller.current?.scrollTop ?? 0)) / ROW)
    const line = y < HEAD ? undefined : lines[index]
    if (!line) return null
    const drawn = picture(width)
    const place = placeAt(drawn, width, x)
    const near = (drawn.window.to - drawn.window.from) / width
    const part =
      x < drawn.names
        ? null
        : (line.parts.findLast(
            (each) =>
              placeOf(axis, each.from) - near <= place && placeOf(axis, each.to ?? now) + near >= place,
          ) ?? null)
    return { line, part, x, y, names: drawn.names }
  }
  const reveal = (index: number) => {
    const place = scroller.current
    if (!place) return
    const top = index * ROW
    if (top < place.scrollTop) place.scrollTop = top
    else if (top + ROW + HEAD > place.scrollTop + place.clientHeight)
      place.scrollTop = top + ROW + HEAD - place.clientHeight
  }
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return
    const at = lines.findIndex((each) => each.id === selected)
    const line = lines[at]
    const by = { ArrowDown: 1, j: 1, ArrowUp: -1, k: -1, PageDown: 20, PageUp: -20 }[event.key]
    if (by !== undefined) {
      const next = Math.min(lines.length - 1, Math.max(0, at < 0 ? 0 : at + by))
      onSelect(lines[next] ?? null)
      reveal(next)
    } else if (event.key === "ArrowRight" && line?.opens && !line.opened) onToggle(line)
    else if (event.key === "ArrowLeft" && line?.opened) onToggle(line)
    else if (event.key === "+" || event.key === "=") zoomBy(1 / 1.5)
    else if (event.key === "-") zoomBy(1.5)
    else if (event.key === "0") move(null)
    else return
    event.preventDefault()
    event.stopPropagation()
  }
  const chosen = useMemo(() => lines.find((each) => each.id === selected), [lines, selected])
  return (
    <div className={classes.gantt}>
      <div
        ref={scroller}
        className={classes.scroll}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: it is gone through by the keyboard
        tabIndex={0}
        role="application"
        aria-label="Steps over time. Arrow keys go through the steps, right opens and left folds, plus and minus zoom, 0 shows all. The table has the same."
        onFocus={() => setFocused(true)}
        onBlur={() => setFocused(false)}
        onKeyDown={onKeyDown}
        onScroll={() => {
          setHover(null)
          surface.current?.redraw()
        }}
      >
        <div className={classes.canvas}>
          <Surface
            className={classes.surface}
            handle={surface}
            draw={paint}
            label={chosen ? `${chosen.label}, ${chosen.state}` : `${lines.length} lines`}
            onPointerDown={(event) => {
              if (event.button !== 0) return
              const { from, to } = windowNow()
              moving.current = {
                zoom: [from / axis.length, to / axis.length],
                x: event.clientX,
                moved: false,
              }
              event.currentTarget.setPointerCapture(event.pointerId)
            }}
            onPointerMove={(event) => {
              const drag = moving.current
              if (drag) {
                const by =
                  (drag.x - event.clientX) / Math.max(1, (surface.current?.size().width ?? 1) * (1 - NAMES))
                if (Math.abs(drag.x - event.clientX) > 3) drag.moved = true
                const [from, to] = drag.zoom
                if (drag.moved && to - from < 1) move(kept([from + by * (to - from), to + by * (to - from)]))
                return
              }
              setHover(found(event))
            }}
            onPointerUp={(event) => {
              const drag = moving.current
              moving.current = null
              if (drag?.moved) return
              const hit = found(event)
              if (hit === null) return onSelect(null)
              const left = 16 + hit.line.depth * 16
              if (hit.line.opens && hit.x < left + 12) onToggle(hit.line)
              else onSelect(hit.line)
            }}
            onPointerLeave={() => setHover(null)}
            onDoubleClick={(event) => {
              const { x, y } = pointIn(event)
              const line = lines[Math.floor((y - HEAD + (scroller.current?.scrollTop ?? 0)) / ROW)]
              if (y >= HEAD && line?.opens && x < picture(surface.current?.size().width ?? 1).names)
                onToggle(line)
              else move(null)
            }}
          />
          {hover && (
            <Tip
              {...hover}
              origin={origin}
              now={now}
              critical={critical.has(hover.line.id)}
              width={surface.current?.size().width ?? 0}
            />
          )}
        </div>
        <div
          style={{
            height: Math.max(0, lines.length * ROW + HEAD + 44 - (surface.current?.size().height ?? 0)),
          }}
        />
      </div>
      <div className={classes.zoom}>
        <Tooltip label="Closer (+)">
          <ActionIcon size="sm" aria-label="Closer" onClick={() => zoomBy(1 / 1.6)}>
            <Plus size={13} />
          </ActionIcon>
        </Tooltip>
        <Tooltip label="Further (−)">
          <ActionIcon size="sm" aria-label="Further" onClick={() => zoomBy(1.6)}>
            <Minus size={13} />
          </ActionIcon>
        </Tooltip>
        <Tooltip label="The whole run (0)">
          <ActionIcon size="sm" aria-label="Show the whole run" onClick={() => move(null)}>
            <Maximize2 size={13} />
          </ActionIcon>
        </Tooltip>
      </div>
    </div>
  )
}

/** A window within the axis, no smaller than a ten-thousandth of it. */
function kept([from, to]: readonly [number, number]): readonly [number, number] {
  const length = Math.min(1, Math.max(1e-4, to - from))
  const begin = Math.min(1 - length, Math.max(0, from))
  return [begin, begin + length]
}
