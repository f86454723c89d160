import {
  type KeyboardEvent,
  type RefObject,
  useCallback,
  useEffect,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
} from "react"
import { serverNow } from "@/api/server-time"
import { pointIn, Surface, type SurfaceHandle } from "@/canvas/surface"
import { duration, short, useClock } from "@/parts/clock"
import { runState, stateOf } from "@/theme/states"
import { cellAt, type Run } from "./cells"
import { countWords, drawGrid, type GridPicture, secondsOf } from "./draw"
import classes from "./grid.module.css"
import { type GridRow, isFolder } from "./rows"
import {
  columnOf as columnWidth,
  contentSize,
  type Place,
  placeAt,
  SIZES,
  scrollTo,
  stepped,
  type View,
  visible,
  xOf,
  yOf,
} from "./window"

interface GridViewProps {
  /** The oldest first. */
  readonly runs: readonly Run[]
  readonly rows: readonly GridRow[]
  readonly chosen: { readonly run: string; readonly row: string } | null
  readonly onChoose: (run: string, row: string | null) => void
  readonly onFold: (row: GridRow) => void
  /** Which columns are in view. */
  readonly onSeen: (first: number, last: number) => void
  readonly more: (() => void) | undefined
}

/** How near the oldest run must be for older ones to be read. */
const NEAR = 400

/** Runs across, steps down, on a canvas that scrolls both ways. Arrows walk, Enter opens, Space folds and unfolds groups and mapped steps. */
export function GridView({ runs, rows, chosen, onChoose, onFold, onSeen, more }: GridViewProps) {
  const scroller = useRef<HTMLDivElement>(null)
  const surface = useRef<SurfaceHandle>(null)
  const { width, height } = useRoom(scroller)
  const [scroll, setScroll] = useState({ left: 0, top: 0 })
  const [hover, setHover] = useState<Place | null>(null)
  const [focused, setFocused] = useState(false)
  const [walked, setWalked] = useState<{ run: string; row: string } | null>(null)
  const { zone } = useClock()
  const extent = useMemo(() => ({ columns: runs.length, rows: rows.length }), [runs.length, rows.length])
  const column = columnWidth(width, runs.length)
  const content = contentSize(extent, column)
  const view = useMemo<View>(() => ({ ...scroll, width, height, column }), [scroll, width, height, column])
  const { firstColumn, lastColumn } = visible(view, extent)
  useEffect(() => onSeen(firstColumn, lastColumn), [onSeen, firstColumn, lastColumn])

  // the newest run stays where it is when older ones come in at the left
  const fromRight = useRef(0)
  // biome-ignore lint/correctness/useExhaustiveDependencies: the width is what it is about
  useLayoutEffect(() => {
    const element = scroller.current
    if (element === null) return
    element.scrollLeft = content.width - element.clientWidth - fromRight.current
    setScroll({ left: element.scrollLeft, top: element.scrollTop })
  }, [content.width, width])

  useEffect(() => {
    if (more && content.width - SIZES.names > 0 && scroll.left < NEAR) more()
  }, [more, scroll.left, content.width])

  const columnOf = useMemo(() => new Map(runs.map((each, index) => [each.run.id, index])), [runs])
  const rowOf = useMemo(() => new Map(rows.map((each, index) => [each.id, index])), [rows])
  const marked = focused && walked ? walked : chosen
  const at = useMemo<Place | null>(
    () => (marked ? { column: columnOf.get(marked.run) ?? null, row: rowOf.get(marked.row) ?? null } : null),
    [marked, columnOf, rowOf],
  )
  const words = useCallback(({ run }: Run) => run.partition ?? short(new Date(run.created_at), zone), [zone])
  const picture = useMemo<GridPicture>(
    () => ({ runs, rows, view, hover, at, focused, now: serverNow(), words }),
    [runs, rows, view, hover, at, focused, words],
  )
  const draw = useCallback((frame: Parameters<typeof drawGrid>[0]) => drawGrid(frame, picture), [picture])

  const fold = (row: GridRow) => {
    // an item folds the step that it is of, and its place is then there
    const folder = isFolder(row) ? row : rows.find((each) => each.id === row.item?.task)
    if (folder === undefined) return
    if (folder !== row) setWalked((now) => (now ? { ...now, row: folder.id } : now))
    onFold(folder)
  }
  const open = (place: Place | null) => {
    if (place === null) return
    const row = place.row === null ? undefined : rows[place.row]
    const run = place.column === null ? undefined : runs[place.column]
    if (run && row && row.kind !== "note") {
      setWalked({ run: run.run.id, row: row.id })
      onChoose(run.run.id, row.id)
    } else if (row) fold(row)
    else if (run) onChoose(run.run.id, null)
  }
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.metaKey || event.ctrlKey || event.altKey) return
    const here = { column: at?.column ?? runs.length - 1, row: at?.row ?? 0 }
    if (event.key === "Enter") {
      event.preventDefault()
      open(here)
    } else if (event.key === " ") {
      event.preventDefault()
      const row = rows[here.row]
      if (row) fold(row)
    } else {
      const to =
        at === null
          ? /^(Arrow|Home|End)/.test(event.key)
            ? here
            : null
          : stepped(here, event.key, extent, 10)
      const [run, row] = to ? [runs[to.column], rows[to.row]] : []
      if (!to || !run || !row) return
      event.preventDefault()
      event.stopPropagation()
      setWalked({ run: run.run.id, row: row.id })
      scroller.current?.scrollTo(scrollTo(to, view))
    }
  }
  const tip = hover ?? (focused ? at : null)
  return (
    <div
      ref={scroller}
      className={classes.scroller}
      style={{ height: Math.min(content.height + 14, 10_000) }}
      onScroll={(event) => {
        const element = event.currentTarget
        fromRight.current = content.width - element.clientWidth - element.scrollLeft
        setScroll({ left: element.scrollLeft, top: element.scrollTop })
      }}
    >
      <div style={{ width: content.width, height: content.height }} className={classes.spacer}>
        <div className={classes.stuck} style={{ width, height }}>
          <Surface
            className={classes.canvas ?? ""}
            handle={surface}
            draw={draw}
            label={`Runs and steps: ${runs.length} runs, ${rows.length} rows. Arrow keys walk through the cells, Space folds and unfolds; the table view has the same.`}
            tabIndex={0}
            onPointerMove={(event) => {
              const { x, y } = pointIn(event)
              const place = placeAt(x, y, view, extent)
              setHover((before) =>
                before?.column === place?.column && before?.row === place?.row ? before : place,
              )
            }}
            onPointerLeave={() => setHover(null)}
            onClick={(event) => {
              const { x, y } = pointIn(event)
              open(placeAt(x, y, view, extent))
            }}
            onFocus={(event) => setFocused(event.currentTarget.matches(":focus-visible"))}
            onBlur={() => setFocused(false)}
            onKeyDown={onKeyDown}
            style={{ cursor: hover ? "pointer" : "default" }}
          />
          <Tip place={tip} runs={runs} rows={rows} view={view} words={words} />
        </div>
      </div>
    </div>
  )
}

/** The room inside of an element, without its scrollbars. */
function useRoom(element: RefObject<HTMLElement | null>) {
  const [room, setRoom] = useState({ width: 0, height: 0 })
  useLayoutEffect(() => {
    const place = element.current
    if (place === null) return undefined
    const measure = () => setRoom({ width: place.clientWidth, height: place.clientHeight })
    measure()
    const resized = new ResizeObserver(measure)
    resized.observe(place)
    return () => resized.disconnect()
  }, [element])
  return room
}

interface TipProps {
  readonly place: Place | null
  readonly runs: readonly Run[]
  readonly rows: readonly GridRow[]
  readonly view: View
  readonly words: (run: Run) => string
}

function Tip({ place, runs, rows, view, words }: TipProps) {
  const run = place?.column == null ? undefined : runs[place.column]
  const row = place?.row == null ? undefined : rows[place.row]
  if (!place || !run) {
    return (
      <span className={classes.aloud} aria-live="polite">
        {row?.id}
      </span>
    )
  }
  const cell = row ? cellAt(run, row) : null
  const left = xOf(place.column ?? 0, view) + view.column + 4
  const flipped = left > view.width - 250
  const top = place.row === null ? SIZES.head : yOf(place.row, view) + SIZES.row
  const low = top > view.height - 90
  return (
    <div
      className={classes.tip}
      role="status"
      style={{
        ...(flipped ? { right: view.width - left + view.column + 8 } : { left }),
        ...(low ? { bottom: view.height - top + SIZES.row } : { top: Math.max(SIZES.head, top) }),
      }}
    >
      <strong>{row ? row.id.replace(/\.$/, "") : words(run)}</strong>
      {row && <span>{words(run)}</span>}
      {row ? (
        <span>{cellWords(cell, row.item !== null && run.run.phase === "finished")}</span>
      ) : (
        <span>
          {stateOf(runState(run.run)).label}, {duration(secondsOf(run, serverNow()))}
        </span>
      )}
      {cell && cell.attempts > 1 && <span>{cell.attempts} attempts</span>}
    </div>
  )
}

function cellWords(cell: ReturnType<typeof cellAt>, isOver: boolean): string {
  if (cell === undefined) return "is being read …"
  if (cell === null) return isOver ? "is not in this run" : "has not begun"
  const words = countWords(cell.counts)
  return cell.seconds === null ? words : `${words}, ${duration(cell.seconds)}`
}
