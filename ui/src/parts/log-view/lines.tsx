import { Button } from "@mantine/core"
import { ArrowDown } from "lucide-react"
import {
  type CSSProperties,
  type KeyboardEvent,
  type Ref,
  useCallback,
  useEffect,
  useImperativeHandle,
  useLayoutEffect,
  useRef,
  useState,
  useSyncExternalStore,
} from "react"
import { Line } from "./line"
import classes from "./log.module.css"
import { endOf, heightOf, isScaled, type LineRange, lineAt, topOf, windowOf } from "./scroll"
import type { Source } from "./source"

const ROW = 19

export interface LinesHandle {
  /** Bring a line (its index in the source) into view, in the upper third. */
  readonly show: (index: number) => void
  readonly focus: () => void
}

interface LinesProps {
  readonly source: Source
  readonly label: string
  readonly shift: number
  readonly find: string
  readonly wrap: boolean
  readonly chosen: LineRange | null
  /** The line (from 0) of the hit at which one is. */
  readonly current: number | null
  readonly onNumber: (number: number, extend: boolean) => void
  readonly handle?: Ref<LinesHandle>
  /** Begin at the end and stay there, as with what is being written. */
  readonly follow?: boolean
}

/** The lines of a source: only those in view are there, and the end is followed until one scrolls away from it. */
export function Lines(props: LinesProps) {
  const { source, label, shift, find, wrap, chosen, current, onNumber, handle, follow = false } = props
  useSyncExternalStore(
    useCallback((heard) => source.subscribe(heard), [source]),
    () => source.version,
  )
  const scroller = useRef<HTMLDivElement>(null)
  const [seen, setSeen] = useState(0)
  const [first, setFirst] = useState(0)
  const [following, setFollowing] = useState(follow)
  /** Where the bar was put by us: the event of that is none of the reader's. */
  const put = useRef(-1)
  /** Whether we moved last, and not the reader by the bar. */
  const moved = useRef(true)
  const view = { count: source.count, row: ROW, seen: Math.max(seen, ROW) }
  const latest = useRef({ view, first })
  latest.current = { view, first }

  const go = useCallback((line: number) => {
    const { view } = latest.current
    setFirst(Math.max(0, Math.min(endOf(view), line)))
    moved.current = true
  }, [])
  // the bar follows the lines once they are there, and where it stands depends on how many there are and are seen
  // biome-ignore lint/correctness/useExhaustiveDependencies: these are what that depends on
  useLayoutEffect(() => {
    const place = scroller.current
    if (place === null || !moved.current) return
    const top = topOf(first, view)
    if (Math.abs(place.scrollTop - top) >= 1) place.scrollTop = top
    put.current = place.scrollTop
  }, [first, source.count, seen])
  useImperativeHandle(
    handle,
    () => ({
      show: (index) => {
        const { view, first } = latest.current
        setFollowing(false)
        if (index < first + 1 || index > first + view.seen / ROW - 3) go(index - view.seen / ROW / 3)
      },
      focus: () => scroller.current?.focus(),
    }),
    [go],
  )
  useEffect(() => {
    const place = scroller.current
    if (!place) return undefined
    const resized = new ResizeObserver(([entry]) => entry && setSeen(entry.contentRect.height))
    resized.observe(place)
    const onWheel = (event: WheelEvent) => {
      const { view, first } = latest.current
      if (event.deltaY < 0) setFollowing(false)
      if (!isScaled(view) || event.ctrlKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) return
      event.preventDefault()
      go(first + (event.deltaY * (event.deltaMode === 1 ? 16 : 1)) / ROW)
    }
    place.addEventListener("wheel", onWheel, { passive: false })
    return () => {
      resized.disconnect()
      place.removeEventListener("wheel", onWheel)
    }
  }, [go])
  // biome-ignore lint/correctness/useExhaustiveDependencies: when lines came, or the window became another one
  useLayoutEffect(() => {
    if (following) go(Number.POSITIVE_INFINITY)
  }, [following, source.version, seen, go])
  const { from, to } = windowOf(first, view)
  useEffect(() => source.want(from, to), [source, from, to])

  const onScroll = () => {
    const top = scroller.current?.scrollTop ?? 0
    if (Math.abs(top - put.current) < 1) return
    put.current = -1
    moved.current = false
    setFirst(lineAt(top, view))
    setFollowing(follow && top >= heightOf(view) - view.seen - 2)
  }
  const onKeyDown = (event: KeyboardEvent) => {
    const page = Math.max(1, view.seen / ROW - 2)
    const by = { ArrowDown: 1, j: 1, ArrowUp: -1, k: -1, PageDown: page, PageUp: -page, " ": page }[event.key]
    if (event.target !== event.currentTarget || event.metaKey || event.ctrlKey || event.altKey) return
    if (by !== undefined) {
      event.preventDefault()
      setFollowing(false)
      go(first + by)
    } else if (event.key === "Home" || event.key === "End") {
      event.preventDefault()
      setFollowing(follow && event.key === "End")
      go(event.key === "End" ? Number.POSITIVE_INFINITY : 0)
    }
  }
  const atEnd = first >= endOf(view) - 0.5
  const indexes = Array.from({ length: Math.max(0, to - from) }, (_, at) => from + at)
  const digits = String((source.at(source.count - 1)?.line ?? source.count) + 1).length
  // wrapped lines are higher than a row: at the end the last one stands at the foot, above it the first one at the top
  const bottom = wrap && atEnd && view.count * ROW > view.seen
  const top = -(first - from) * ROW
  const style: CSSProperties & { "--digits": number } = {
    ...(bottom ? { bottom: 0 } : { top }),
    "--digits": digits,
  }
  return (
    <div className={classes.place}>
      <div
        ref={scroller}
        className={wrap ? `${classes.scroll} ${classes.wrap}` : classes.scroll}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by the keyboard
        tabIndex={0}
        role="log"
        aria-live="off"
        aria-label={label}
        onScroll={onScroll}
        onKeyDown={onKeyDown}
      >
        {/* it stays in view, so that its lines are never far from the corner of what is drawn: browsers lose text there */}
        <div className={classes.pane} style={{ height: seen }}>
          <div className={classes.lines} style={style}>
            {indexes.map((index) => {
              const line = source.at(index)
              const number = (line?.line ?? index) + 1
              return (
                <Line
                  key={index}
                  number={number}
                  text={line?.text}
                  shift={shift}
                  find={find}
                  chosen={chosen !== null && number >= chosen.from && number <= chosen.to}
                  current={current === number - 1}
                  onNumber={onNumber}
                />
              )
            })}
          </div>
        </div>
        <div style={{ height: Math.max(0, heightOf(view) - seen) }} />
      </div>
      {follow && !following && (
        <Button
          className={classes.end}
          size="compact-sm"
          variant="default"
          leftSection={<ArrowDown size={13} />}
          onClick={() => setFollowing(true)}
        >
          Follow the end
        </Button>
      )}
    </div>
  )
}
