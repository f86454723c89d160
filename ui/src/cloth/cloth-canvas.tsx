import { Button } from "@mantine/core"
import { useRouter } from "@tanstack/react-router"
import { type KeyboardEvent, type PointerEvent, useEffect, useMemo, useRef, useState } from "react"
import { serverNow } from "@/api/server-time"
import { type Frame, Surface, useWheel } from "@/canvas/surface"
import { assetPath, pipelinePath } from "@/shell/links"
import classes from "./cloth.module.css"
import { draw, type Picture } from "./draw"
import { linesOf } from "./lines"
import { patchOf, threadsOf } from "./patch"
import { Tip } from "./tip"
import type { Cloth, Line, Patch } from "./types"
import { columnStart, moved, type Span, spanWords, ticks, zoomed } from "./window"

interface CanvasProps {
  readonly cloth: Cloth
  readonly folded: ReadonlySet<string>
  readonly dense: boolean
  readonly only: string | null
  readonly onWidth: (width: number) => void
  readonly onSpan: (span: Span) => void
  readonly onFold: (group: string) => void
  readonly onPlan: (patch: Patch, lines: readonly Line[]) => void
}

type Point = readonly [line: number, column: number]

const ROW = 22
const AXIS_EVERY = 90

/** The cloth as a picture: select by drag, go through it by the arrows, plan by Enter. */
export function ClothCanvas(props: CanvasProps) {
  const { cloth, folded, dense, only, onWidth, onSpan, onFold, onPlan } = props
  const router = useRouter()
  const scroller = useRef<HTMLDivElement>(null)
  const [size, setSize] = useState({ width: 0, height: 0 })
  const [scroll, setScroll] = useState(0)
  const [hover, setHover] = useState<Point | null>(null)
  const [cursor, setCursor] = useState<Point | null>(null)
  const [anchor, setAnchor] = useState<Point | null>(null)
  const [patch, setPatch] = useState<Patch | null>(null)
  const lines = useMemo(() => linesOf(cloth.threads, folded), [cloth, folded])
  const names = size.width < 600 ? 96 : 176
  const row = dense ? 4 : ROW
  const plot = Math.max(1, size.width - names)
  useEffect(() => onWidth(plot), [onWidth, plot])
  useEffect(() => {
    const box = scroller.current
    if (!box) return undefined
    const sized = new ResizeObserver(() => setSize({ width: box.clientWidth, height: box.clientHeight }))
    sized.observe(box)
    return () => sized.disconnect()
  }, [])
  // what was chosen is of the time and the lines that were shown
  // biome-ignore lint/correctness/useExhaustiveDependencies: begins anew with them
  useEffect(() => setPatch(null), [cloth.since, cloth.until, cloth.columns, lines.length])

  const pointAt = (event: { clientX: number; clientY: number }): Point | null => {
    const box = scroller.current?.getBoundingClientRect()
    if (!box) return null
    const x = event.clientX - box.left - names
    const line = Math.floor((event.clientY - box.top + scroll) / row)
    if (line < 0 || line >= lines.length) return null
    return [line, x < 0 ? -1 : Math.min(cloth.columns - 1, Math.floor((x / plot) * cloth.columns))]
  }
  const press = (event: PointerEvent<HTMLDivElement>) => {
    const at = pointAt(event)
    if (!at || event.button !== 0) return
    const line = lines[at[0]]
    if (at[1] < 0) {
      if (line?.type === "group") onFold(line.group)
      else if (line) open(line)
      return
    }
    event.currentTarget.setPointerCapture(event.pointerId)
    setAnchor(at)
    setCursor(null)
    setPatch(patchOf(at, at))
  }
  const open = (line: Line) => {
    if (line.type === "group") return
    const { kind, key } = line.thread
    void router.navigate({ to: kind === "asset" ? assetPath(key) : pipelinePath(key) })
  }
  const drag = (event: PointerEvent<HTMLDivElement>) => {
    const at = pointAt(event)
    setHover(at)
    if (anchor && at) setPatch(patchOf(anchor, [at[0], Math.max(0, at[1])]))
  }
  const type = (event: KeyboardEvent) => {
    const by = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key]
    if (by) {
      event.preventDefault()
      const from = cursor ?? [0, cloth.columns - 1]
      const to: Point = [
        Math.min(lines.length - 1, Math.max(0, from[0] + (by[0] ?? 0))),
        Math.min(cloth.columns - 1, Math.max(0, from[1] + (by[1] ?? 0))),
      ]
      const begin = event.shiftKey ? (anchor ?? from) : null
      setAnchor(begin)
      setPatch(begin ? patchOf(begin, to) : null)
      setCursor(to)
      setHover(to)
      show(to[0])
    } else if (event.key === "Enter" && (patch || cursor)) {
      event.preventDefault()
      const line = lines[cursor?.[0] ?? -1]
      if (!patch && line?.type === "group") onFold(line.group)
      else onPlan(patch ?? patchOf(cursor as Point, cursor as Point), lines)
    } else if (event.key === "Escape") {
      setPatch(null)
      setCursor(null)
    } else if (event.key === "+" || event.key === "=") onSpan(zoomed(cloth, 0.5, 1))
    else if (event.key === "-") onSpan(zoomed(cloth, 2, 1))
    else return
    event.stopPropagation()
  }
  const show = (line: number) => {
    const box = scroller.current
    if (!box) return
    if (line * row < box.scrollTop) box.scrollTop = line * row
    else if ((line + 1) * row > box.scrollTop + box.clientHeight)
      box.scrollTop = (line + 1) * row - box.clientHeight
  }
  useWheel(
    () => scroller.current,
    (event) => {
      const box = scroller.current?.getBoundingClientRect()
      if (!box) return false
      const at = Math.min(1, Math.max(0, (event.clientX - box.left - names) / plot))
      if (event.ctrlKey || event.metaKey) onSpan(zoomed(cloth, event.deltaY > 0 ? 1.35 : 1 / 1.35, at))
      else if (Math.abs(event.deltaX) > Math.abs(event.deltaY)) onSpan(moved(cloth, event.deltaX / plot))
      else return false
      return true
    },
  )
  const picture: Picture = {
    lines,
    since: cloth.since,
    until: cloth.until,
    columns: cloth.columns,
    width: size.width,
    height: size.height,
    names,
    row,
    scroll,
    hover,
    cursor,
    patch,
    only,
    now: serverNow(),
  }
  const paint = ({ context, colours }: Frame) => draw(context, picture, colours)
  const full = lines.length * row
  return (
    <div className={classes.frame}>
      <div
        ref={scroller}
        className={classes.scroll}
        style={{ height: full }}
        role="application"
        aria-roledescription="cloth"
        aria-label={`The cloth: ${cloth.threads.length} threads, ${spanWords(cloth.since, cloth.until)}. Arrows go through it, with Shift they select, Enter plans. The table beside it says the same in words.`}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: it is worked by the keyboard
        tabIndex={0}
        onScroll={(event) => setScroll(event.currentTarget.scrollTop)}
        onPointerDown={press}
        onPointerMove={drag}
        onPointerUp={() => setAnchor(null)}
        onPointerLeave={() => setHover(null)}
        onKeyDown={type}
      >
        <div style={{ height: full }}>
          <div className={classes.window} style={{ height: Math.min(full, size.height || full) }}>
            <Surface className={classes.surface} label="The cloth, drawn" draw={paint} />
          </div>
        </div>
      </div>
      <Axis cloth={cloth} names={names} plot={plot} />
      {hover && hover[1] >= 0 && !patch && (
        <Tip cloth={cloth} lines={lines} at={hover} names={names} plot={plot} y={hover[0] * row - scroll} />
      )}
      {patch && !anchor && (
        <Chosen
          cloth={cloth}
          patch={patch}
          lines={lines}
          names={names}
          plot={plot}
          y={(patch.lines[1] + 1) * row - scroll}
          onPlan={() => onPlan(patch, lines)}
        />
      )}
    </div>
  )
}

function Axis({ cloth, names, plot }: { cloth: Cloth; names: number; plot: number }) {
  const marks = useMemo(() => ticks(cloth, Math.max(2, plot / AXIS_EVERY)), [cloth, plot])
  return (
    <div className={classes.axis} aria-hidden="true">
      {marks.map(({ at, label }) => {
        const left = names + ((at - cloth.since) / (cloth.until - cloth.since)) * plot
        return left > names + plot - 40 ? null : (
          <span key={at} style={{ left }}>
            {label}
          </span>
        )
      })}
    </div>
  )
}

interface ChosenProps {
  readonly cloth: Cloth
  readonly patch: Patch
  readonly lines: readonly Line[]
  readonly names: number
  readonly plot: number
  readonly y: number
  readonly onPlan: () => void
}

/** What a drag has chosen, with the button that plans it. */
function Chosen({ cloth, patch, lines, names, plot, y, onPlan }: ChosenProps) {
  const threads = threadsOf(lines, patch)
  const assets = threads.filter((thread) => thread.kind === "asset").length
  const since = Math.round(columnStart(cloth, cloth.columns, patch.columns[0]))
  const until = Math.round(columnStart(cloth, cloth.columns, patch.columns[1] + 1))
  const x = Math.min(names + (patch.columns[0] / cloth.columns) * plot, names + plot - 330)
  const what = threads.length === 1 ? threads[0]?.key : `${threads.length} threads`
  return (
    <div className={classes.chosen} style={{ left: Math.max(16, x + 16), top: Math.min(y + 18, 520) }}>
      <span>
        <b>{what}</b>, {spanWords(since, until)}
      </span>
      <Button
        size="compact-xs"
        disabled={assets === 0}
        onClick={onPlan}
        title={assets === 0 ? "Pipelines are run, not planned" : undefined}
      >
        Plan
      </Button>
    </div>
  )
}
