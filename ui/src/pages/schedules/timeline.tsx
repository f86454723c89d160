import { Button } from "@mantine/core"
import { Link, useRouter } from "@tanstack/react-router"
import { type KeyboardEvent, type PointerEvent, useCallback, useMemo, useRef, useState } from "react"
import { pointIn, Surface, type SurfaceHandle, useWheel } from "@/canvas/surface"
import { absolute, useClock, useNow, zoneName } from "@/parts/clock"
import { Panel } from "@/parts/panel"
import { StateMark } from "@/parts/state-mark"
import { runPath, schedulePath } from "@/shell/links"
import { type Row, schedulesOf } from "./list"
import classes from "./timeline.module.css"
import { AXIS, DENSITY, drawTimeline, ROW, TOP, xOf } from "./timeline-draw"
import { around, type Mark, type Span, zoomed } from "./timeline-model"
import { useMarks } from "./use-marks"
import { nameOf } from "./words"

interface TimelineProps {
  readonly rows: readonly Row[]
  /** Seconds since the epoch; 0 for around now. */
  readonly from: number
  readonly to: number
  readonly onWindow: (window: { from: number; to: number }) => void
}

/** What was decided and what came of it, now, and what will be due: a line for each that asks for runs. */
export function ScheduleTimeline({ rows, from, to, onWindow }: TimelineProps) {
  const now = useNow()
  const zone = useClock((clock) => clock.zone)
  const router = useRouter()
  const surface = useRef<SurfaceHandle>(null)
  const [hover, setHover] = useState<{ x: number; y: number; line: number } | null>(null)
  const drag = useRef<{ x: number; span: Span; moved: boolean } | null>(null)
  const minute = Math.floor(now / 60_000)
  const span = useMemo<Span>(
    () => (from && to > from ? { from: from * 1000, to: to * 1000 } : around(minute * 60_000)),
    [from, to, minute],
  )
  const { marks, cut } = useMarks(span, now, schedulesOf(rows))
  const lines = useMemo(() => {
    const byId = new Map<string, Mark[]>(rows.map((row) => [row.id, []]))
    for (const mark of marks) byId.get(mark.automation)?.push(mark)
    return rows.map((row) => ({ id: row.id, paused: row.paused, marks: byId.get(row.id) ?? [] }))
  }, [rows, marks])
  const picture = useMemo(
    () => ({
      span,
      zone,
      now: minute * 60_000,
      marks: lines.flatMap((line) => line.marks),
      lines,
      hover: hover?.line ?? null,
    }),
    [span, zone, minute, lines, hover?.line],
  )
  const draw = useCallback(
    (frame: Parameters<typeof drawTimeline>[0]) => drawTimeline(frame, picture),
    [picture],
  )
  const show = (next: Span) =>
    onWindow({ from: Math.round(next.from / 1000), to: Math.round(next.to / 1000) })
  const width = () => surface.current?.size().width || 1
  const timeAt = (x: number) => span.from + (x / width()) * (span.to - span.from)
  const move = (share: number) => {
    const by = share * (span.to - span.from)
    show({ from: span.from + by, to: span.to + by })
  }
  useWheel(
    () => surface.current?.canvas,
    (event, { x, y }) => {
      if (event.ctrlKey || event.metaKey) show(zoomed(span, Math.exp(y / 300), timeAt(pointIn(event).x)))
      else if (Math.abs(x) > Math.abs(y)) move(x / width())
      else return false
      return true
    },
  )
  const near = hover ? nearest(lines[hover.line]?.marks ?? [], hover.x, span, width()) : []
  const onMove = (event: PointerEvent<HTMLCanvasElement>) => {
    const at = pointIn(event)
    const dragged = drag.current
    if (dragged && event.buttons === 1) {
      const by = ((dragged.x - at.x) / width()) * (dragged.span.to - dragged.span.from)
      if (Math.abs(dragged.x - at.x) > 3) dragged.moved = true
      if (dragged.moved) show({ from: dragged.span.from + by, to: dragged.span.to + by })
    }
    const line = Math.floor((at.y - TOP) / ROW)
    setHover(line >= 0 && line < rows.length ? { ...at, line } : null)
  }
  const onKey = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return
    const next = after(event.key, span)
    if (next === undefined) return
    event.preventDefault()
    if (next) show(next)
    else onWindow({ from: 0, to: 0 })
  }
  const height = TOP + rows.length * ROW + 1
  return (
    <>
      <Panel>
        <div className={classes.timeline}>
          <div className={classes.names}>
            <div style={{ height: AXIS + DENSITY }} className={classes.all}>
              <span>starts at once</span>
            </div>
            {rows.map((row) => (
              <div key={row.id} style={{ height: ROW }} className={classes.name}>
                <StateMark state={row.paused ? "paused" : "ok"} size={9} label={row.paused ? "paused" : ""} />
                <Link to={schedulePath(nameOf(row))}>{row.name}</Link>
              </div>
            ))}
          </div>
          <div className={classes.canvas} style={{ height }}>
            <Surface
              handle={surface}
              draw={draw}
              className={classes.surface}
              label="Timeline: arrows move, + and - zoom, 0 shows now. A table of the same follows."
              role="application"
              tabIndex={0}
              onKeyDown={onKey}
              onPointerDown={(event) => {
                drag.current = { x: pointIn(event).x, span, moved: false }
                event.currentTarget.setPointerCapture(event.pointerId)
              }}
              onPointerMove={onMove}
              onPointerUp={() => {
                const run = near.at(-1)?.run
                if (drag.current && !drag.current.moved && run) void router.navigate({ to: runPath(run) })
                drag.current = null
              }}
              onPointerLeave={() => setHover(null)}
            />
            {hover && near.length > 0 && (
              <Tip
                marks={near}
                x={hover.x}
                y={TOP + hover.line * ROW}
                zone={zone}
                right={hover.x + TIP > width()}
                above={hover.line > rows.length / 2}
              />
            )}
          </div>
        </div>
      </Panel>
      <div className={classes.under}>
        <span>
          {zoneName(zone)} · drag to move, Ctrl and the wheel to zoom{cut && ` · ${cut}`}
        </span>
        <span className={classes.zoom}>
          {SPANS.map(([title, back, ahead]) => (
            <Button
              key={title}
              size="compact-xs"
              variant="default"
              onClick={() => show({ from: now - back, to: now + ahead })}
            >
              {title}
            </Button>
          ))}
          <Button size="compact-xs" variant="default" onClick={() => onWindow({ from: 0, to: 0 })}>
            Now
          </Button>
        </span>
      </div>
      <HiddenTable lines={lines} rows={rows} span={span} zone={zone} />
    </>
  )
}

/** Where a key leads: another span, null for that around now, undefined for nowhere. */
function after(key: string, span: Span): Span | null | undefined {
  const middle = (span.from + span.to) / 2
  const by = (span.to - span.from) / 5
  switch (key) {
    case "ArrowLeft":
      return { from: span.from - by, to: span.to - by }
    case "ArrowRight":
      return { from: span.from + by, to: span.to + by }
    case "+":
    case "=":
      return zoomed(span, 0.6, middle)
    case "-":
      return zoomed(span, 1 / 0.6, middle)
    case "0":
      return null
    default:
      return undefined
  }
}

const HOUR = 3_600_000
const SPANS = [
  ["2 h", HOUR, HOUR],
  ["Day", 8 * HOUR, 16 * HOUR],
  ["Week", 2 * 24 * HOUR, 5 * 24 * HOUR],
  ["Month", 10 * 24 * HOUR, 21 * 24 * HOUR],
] as const

/** As wide as a tip is at most. */
const TIP = 430

/** Pixels about the pointer within which marks are told. */
const REACH = 6

function nearest(marks: readonly Mark[], x: number, span: Span, width: number): readonly Mark[] {
  return marks.filter((each) => Math.abs(xOf(each.at, span, width) - x) <= REACH)
}

interface TipProps {
  readonly marks: readonly Mark[]
  readonly x: number
  /** The upper edge of the line that it is of. */
  readonly y: number
  readonly zone: string
  readonly right: boolean
  readonly above: boolean
}

function Tip({ marks, x, y, zone, right, above }: TipProps) {
  const across = right ? { right: `calc(100% - ${x}px)` } : { left: x }
  const down = above ? { bottom: `calc(100% - ${y}px)` } : { top: y + ROW }
  return (
    <div className={classes.tip} style={{ ...across, ...down }} role="tooltip">
      {marks.slice(0, 6).map((each) => (
        <p key={each.at + each.says}>
          <StateMark state={each.state} size={10} label="" /> {absolute(new Date(each.at), zone, "minute")}{" "}
          <span>{each.says}</span>
        </p>
      ))}
      {marks.length > 6 && <p>and {marks.length - 6} more</p>}
    </div>
  )
}

/** The same for those who don't see the picture. */
function HiddenTable({
  lines,
  rows,
  span,
  zone,
}: {
  lines: ReadonlyArray<{ id: string; marks: readonly Mark[] }>
  rows: readonly Row[]
  span: Span
  zone: string
}) {
  const names = new Map(rows.map((row) => [row.id, row.name]))
  const shown = lines
    .flatMap((line) => line.marks)
    .filter((each) => each.at >= span.from && each.at <= span.to)
    .slice(0, 200)
  return (
    <table className={classes.hidden}>
      <caption>What was decided and what will be due</caption>
      <thead>
        <tr>
          <th>When</th>
          <th>What</th>
          <th>Decision</th>
        </tr>
      </thead>
      <tbody>
        {shown.map((each) => (
          <tr key={each.automation + each.at + each.run}>
            <td>{absolute(new Date(each.at), zone, "minute")}</td>
            <td>{names.get(each.automation)}</td>
            <td>{each.says}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}
