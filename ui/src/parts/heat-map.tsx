/**
 * Partitions of two dimensions as a grid: time (or what grows) across, the other down. The server gathers what is too
 * small to be drawn; only what is in view is asked for, so that a thousand rows by a thousand columns is a page.
 */
import { type KeyboardEvent, type PointerEvent, useCallback, useMemo, useRef, useState } from "react"
import { api } from "@/api/client"
import { pointIn, Surface, type SurfaceHandle, useWheel } from "@/canvas/surface"
import { drawHeatMap, HEAD, NAMES, type Plot } from "./heat-map-draw"
import { pieceOf, places, rangesOf, rectOf, squares } from "./heat-map-window"
import classes from "./partition-strip.module.css"
import type { Ranges } from "./partition-strip-ranges"
import { PartitionTip } from "./partition-strip-tip"
import { clamped, moved, type Window, zoomed } from "./partition-strip-window"

interface HeatMapProps {
  readonly assetKey: string
  readonly selection: Ranges
  /** What was drawn, as the server reads it and as ordinals; added to what is selected, or in its place. */
  readonly onDraw: (piece: string | null, ranges: Ranges, adds: boolean) => void
  readonly lit?: readonly string[]
  /** The columns that are shown; null for all. */
  readonly window: Window | null
  readonly onWindow: (window: Window | null) => void
  readonly onOpen?: (ordinal: number) => void
}

const ROW = 18
const MOST_ROWS = 24
type Square = readonly [column: number, row: number]

export function HeatMap(props: HeatMapProps) {
  const { assetKey, selection, onDraw, lit = [], window, onWindow, onOpen } = props
  const surface = useRef<SurfaceHandle>(null)
  const [width, setWidth] = useState(0)
  const [top, setTop] = useState(0)
  const [hover, setHover] = useState<Square | null>(null)
  const [cursor, setCursor] = useState<Square | null>(null)
  const [drag, setDrag] = useState<{ from: Square; to: Square; adds: boolean } | null>(null)
  const plotWidth = Math.max(60, width - NAMES)
  const grid = api.useQuery(
    "get",
    "/api/v1/assets/{key}/partition-grid",
    {
      params: {
        path: { key: assetKey },
        query: {
          first_column: window ? Math.floor(window.start) : 0,
          ...(window ? { columns_end: Math.ceil(window.stop) } : {}),
          first_row: top,
          rows_end: top + MOST_ROWS,
          most_columns: Math.min(1000, Math.max(20, Math.floor(plotWidth / 4))),
          most_rows: MOST_ROWS,
        },
      },
    },
    { enabled: width > 0 },
  ).data
  const plot = useMemo<Plot | null>(() => {
    if (!grid) return null
    const rect = drag ? rectOf(drag.from, drag.to) : null
    return { grid, selection, rect, adds: drag?.adds ?? false, lit, hover, cursor, row: ROW }
  }, [grid, selection, drag, lit, hover, cursor])
  const draw = useCallback(
    (frame: Parameters<typeof drawHeatMap>[0]) => {
      if (plot) drawHeatMap(frame, plot)
    },
    [plot],
  )
  const whole = { start: 0, stop: grid?.columns.total ?? 1 }
  const shown = grid ? { start: grid.columns.start, stop: grid.columns.stop } : whole
  const show = (next: Window) => {
    const inside = clamped(next, whole)
    const all = inside.stop - inside.start >= whole.stop - 0.5
    onWindow(all ? null : { start: Math.floor(inside.start), stop: Math.ceil(inside.stop) })
  }
  const hidden = Math.max(0, (grid?.rows.total ?? 0) - MOST_ROWS)
  useWheel(
    () => surface.current?.canvas,
    (event, pixels) => {
      if (!grid) return false
      const focused = document.activeElement === surface.current?.canvas
      if (Math.abs(pixels.x) > Math.abs(pixels.y)) show(moved(shown, pixels.x / plotWidth, whole))
      else if (event.ctrlKey || event.metaKey || (focused && hidden === 0))
        show(
          zoomed(shown, Math.exp(pixels.y / 240), Math.max(0, pointIn(event).x - NAMES) / plotWidth, whole),
        )
      else if (focused && hidden > 0) setTop(Math.min(hidden, Math.max(0, top + Math.sign(pixels.y) * 3)))
      else return false
      return true
    },
  )
  const squareAt = (event: PointerEvent): Square | null => {
    if (!grid) return null
    const { x, y } = pointIn(event)
    const columns = squares(grid.columns)
    const row = Math.floor((y - HEAD) / ROW)
    if (x < NAMES || row < 0 || row >= squares(grid.rows)) return null
    return [Math.min(columns - 1, Math.floor(((x - NAMES) / plotWidth) * columns)), row]
  }
  const finish = (from: Square, to: Square, adds: boolean) => {
    if (!grid) return
    const rect = rectOf(from, to)
    onDraw(pieceOf(rect, grid.columns, grid.rows), rangesOf(rect, grid.columns, grid.rows), adds)
  }
  const ordinalOf = ([column, row]: Square) =>
    grid ? places(grid.columns, column, column)[0] * grid.rows.total + places(grid.rows, row, row)[0] : 0
  const onPointerDown = (event: PointerEvent<HTMLCanvasElement>) => {
    const at = squareAt(event)
    if (!at || event.button !== 0) return
    event.currentTarget.setPointerCapture(event.pointerId)
    setCursor(null)
    setDrag({ from: at, to: at, adds: event.shiftKey || event.ctrlKey || event.metaKey })
  }
  const onPointerMove = (event: PointerEvent<HTMLCanvasElement>) => {
    const at = squareAt(event)
    setHover(at)
    if (drag && at) setDrag({ ...drag, to: at })
  }
  const onPointerUp = () => {
    if (drag) finish(drag.from, drag.to, drag.adds)
    setDrag(null)
  }
  const onKeyDown = (event: KeyboardEvent) => {
    if (!grid || event.altKey || event.ctrlKey || event.metaKey) return
    const here = cursor ?? [0, 0]
    const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key]
    if (step) {
      const next: Square = [
        Math.min(squares(grid.columns) - 1, Math.max(0, here[0] + (cursor ? (step[0] ?? 0) : 0))),
        Math.min(squares(grid.rows) - 1, Math.max(0, here[1] + (cursor ? (step[1] ?? 0) : 0))),
      ]
      if (step[1] && next[1] === here[1] && hidden > 0) setTop(Math.min(hidden, Math.max(0, top + step[1])))
      setCursor(next)
      if (event.shiftKey) finish(here, next, true)
    } else if (event.key === " ") finish(here, here, false)
    else if (event.key === "Enter") onOpen?.(ordinalOf(here))
    else if (event.key === "Escape") onDraw(null, [], false)
    else if (event.key === "+" || event.key === "=") show(zoomed(shown, 0.5, 0.5, whole))
    else if (event.key === "-") show(zoomed(shown, 2, 0.5, whole))
    else if (event.key === "0") onWindow(null)
    else return
    event.preventDefault()
  }
  const told = hover ?? cursor
  const single = grid?.columns.size === 1 && grid.rows.size === 1
  return (
    <>
      <div
        className={classes.strip}
        style={{ height: HEAD + ROW * Math.max(1, grid ? squares(grid.rows) : 5) + 4 }}
      >
        <Surface
          handle={surface}
          className={classes.fill}
          draw={draw}
          label={`${grid?.columns.total ?? ""} ${grid?.columns.name ?? ""} by ${grid?.rows.total ?? ""} ${grid?.rows.name ?? ""} of ${assetKey}. Arrows move, Space selects, Shift adds, Enter opens.`}
          role="application"
          tabIndex={0}
          onResize={setWidth}
          onPointerDown={onPointerDown}
          onPointerMove={onPointerMove}
          onPointerUp={onPointerUp}
          onPointerLeave={() => setHover(null)}
          onDoubleClick={() => hover && onOpen?.(ordinalOf(hover))}
          onKeyDown={onKeyDown}
          onBlur={() => setCursor(null)}
        />
        {told && grid && (
          <PartitionTip
            owner={{ kind: "asset", name: assetKey }}
            ordinal={ordinalOf(told)}
            x={NAMES + ((told[0] + 0.5) / squares(grid.columns)) * plotWidth}
            y={HEAD + (told[1] + 1) * ROW}
            width={width}
            aloud={hover === null}
            {...(single ? {} : { note: "and those beside it" })}
          />
        )}
      </div>
      {hidden > 0 && grid && (
        <p className={classes.more}>
          rows {grid.rows.start + 1} to {grid.rows.stop} of {grid.rows.total.toLocaleString("en-GB")}
          <button type="button" onClick={() => setTop(Math.max(0, top - MOST_ROWS))} disabled={top === 0}>
            earlier rows
          </button>
          <button
            type="button"
            onClick={() => setTop(Math.min(hidden, top + MOST_ROWS))}
            disabled={top >= hidden}
          >
            more rows
          </button>
        </p>
      )}
    </>
  )
}
