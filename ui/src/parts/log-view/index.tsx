import { ActionIcon, Button, Select, Tooltip } from "@mantine/core"
import { notifications } from "@mantine/notifications"
import { Copy, Download, WrapText } from "lucide-react"
import {
  type KeyboardEvent,
  type ReactNode,
  useCallback,
  useEffect,
  useMemo,
  useRef,
  useState,
  useSyncExternalStore,
} from "react"
import { apiUrl } from "@/api/client"
import { asProblem } from "@/api/problem"
import { useClock } from "@/parts/clock"
import { Empty, Refusal } from "@/parts/empty"
import { stripAnsi } from "./ansi"
import { FindField } from "./find-field"
import { Lines, type LinesHandle } from "./lines"
import classes from "./log.module.css"
import { COPIED, LEVELS, linesOf, readerOf, stripped, textOf, wantedLive } from "./reading"
import { readRecord, shiftOf } from "./record"
import { readRange, writeRange } from "./scroll"
import { FoundLines, LiveLog, MOST_FOUND, PagedLog, type Source } from "./source"

export interface LogState {
  /** `1234` or `1234-1240`, "" for none. */
  readonly line: string
  readonly find: string
  readonly level: string
  /** Only the lines that have what is looked for. */
  readonly only: boolean
  readonly wrap: boolean
}

interface LogViewProps {
  readonly run: string
  /** The id of a log; null for what the run is writing. */
  readonly log: string | null
  readonly size: number
  /** When the attempt began: by it the times in the log are brought into the reader's zone. */
  readonly began: string | null
  readonly label: string
  readonly state: LogState
  readonly onState: (change: Partial<LogState>) => void
  /** What chooses the log, at the left of the tools. */
  readonly chooser?: ReactNode
  /** A height in CSS; without it all that its place has. */
  readonly height?: string
}

function useSource<T extends Source>(make: () => T | null, key: string): T | null {
  const [source, setSource] = useState<T | null>(null)
  const maker = useRef(make)
  maker.current = make
  // biome-ignore lint/correctness/useExhaustiveDependencies: the key says what the source is of
  useEffect(() => {
    const made = maker.current()
    setSource(made)
    return () => made?.close()
  }, [key])
  return source
}

function useVersion(source: Source | null): number {
  return useSyncExternalStore(
    useCallback((heard) => source?.subscribe(heard) ?? (() => undefined), [source]),
    () => source?.version ?? -1,
  )
}

/**
 * A log: any line of it at once, however long it is. What is looked for is found by the server in the whole of it;
 * Ctrl-F within the viewer leads to that, as the browser would find only what is in view.
 */
export function LogView(props: LogViewProps) {
  const { run, log, size, began, label, state, onState, chooser, height } = props
  const { find, level, only, wrap } = state
  const live = log === null
  const chosen = readRange(state.line)
  const shown = useSource<Source>(
    () => {
      if (live)
        return new LiveLog(
          apiUrl(`/runs/${encodeURIComponent(run)}/logs/stream`),
          wantedLive(level, only ? find : ""),
        )
      if (level !== "" || (only && find !== ""))
        return new FoundLines(readerOf(run, log), { level, grep: only ? find : "" }, size)
      return new PagedLog(readerOf(run, log), chosen ? chosen.from - 1 : find === "" ? null : 0)
    },
    `${run} ${log} ${level} ${only ? find : ""} ${live ? "" : size}`,
  )
  const hits = useSource<FoundLines>(
    () =>
      live || find === "" || only ? null : new FoundLines(readerOf(run, log), { level, grep: find }, size),
    `${run} ${log} ${level} ${only} ${find} ${size}`,
  )
  const version = useVersion(shown)
  useVersion(hits)
  const [at, setAt] = useState(-1)
  const lines = useRef<LinesHandle>(null)
  const field = useRef<HTMLInputElement>(null)
  const { mode, zone } = useClock()

  const shift = useMemo(() => {
    if (shown === null || version < 0 || !began) return 0
    for (let index = 0; index < Math.min(shown.count, 200); index += 1) {
      const record = readRecord(stripAnsi(shown.at(index)?.text ?? ""))
      if (record) return shiftOf(record.time, new Date(began), mode === "relative" ? "local" : zone)
    }
    return 0
  }, [shown, version, began, mode, zone])

  // the line of a link, or else the error that ended the attempt, is brought into view once the log is there
  const arrived = useRef("")
  useEffect(() => {
    const failedAt = shown instanceof PagedLog ? shown.failedAt : null
    const to = chosen ? chosen.from - 1 : find === "" ? failedAt : null
    if (shown === null || shown.count === 0 || to === null) return
    const place = `${run} ${log} ${state.line} ${level} ${only}`
    if (arrived.current === place) return
    arrived.current = place
    lines.current?.show(shown.indexOf(to))
  })
  const go = useCallback(
    (to: number) => {
      const count = hits?.found.length ?? 0
      if (hits === null || shown === null || count === 0) return
      const next = ((to % count) + count) % count
      setAt(next)
      lines.current?.show(shown.indexOf(hits.found[next]?.line ?? 0))
    },
    [hits, shown],
  )
  // the first hit is shown as soon as it is found
  const first = (hits?.found.length ?? 0) > 0
  const there = shown !== null && shown.count > 0
  // biome-ignore lint/correctness/useExhaustiveDependencies: once for each search, not with each of its pages
  useEffect(() => {
    if (first && shown && shown.count > 0) go(chosen ? (hits?.indexOf(chosen.from - 1) ?? 0) : 0)
    else setAt(-1)
  }, [hits, first, there])

  const onNumber = (number: number, extend: boolean) => {
    const range =
      extend && chosen
        ? { from: Math.min(chosen.from, number), to: Math.max(chosen.to, number) }
        : { from: number, to: number }
    arrived.current = `${run} ${log} ${writeRange(range)} ${level} ${only}`
    onState({ line: state.line === writeRange(range) ? "" : writeRange(range) })
  }
  const copy = async (text: Promise<string>, what: string) => {
    try {
      await navigator.clipboard.writeText(await text)
      notifications.show({ message: `Copied ${what}.` })
    } catch (error) {
      notifications.show({
        title: "It could not be copied.",
        message: asProblem(error).message,
        color: "red",
      })
    }
  }
  const copyRange = () => {
    if (chosen === null || shown === null) return
    const numbers = Array.from({ length: chosen.to - chosen.from + 1 }, (_, each) => chosen.from - 1 + each)
    const text =
      log === null
        ? Promise.resolve(stripped(numbers.map((each) => shown.at(shown.indexOf(each))?.text ?? "")))
        : linesOf(run, log, chosen.from, chosen.to)
    void copy(text, numbers.length === 1 ? "the line" : `${numbers.length.toLocaleString("en")} lines`)
  }
  // wherever the focus is: the browser's own search would find only the few lines that are drawn
  useEffect(() => {
    const seek = (event: globalThis.KeyboardEvent) => {
      const elsewhere = document.activeElement?.closest("[role=dialog]")
      if (!(event.ctrlKey || event.metaKey) || event.key !== "f" || event.defaultPrevented || elsewhere)
        return
      event.preventDefault()
      field.current?.focus()
      field.current?.select()
    }
    document.addEventListener("keydown", seek)
    return () => document.removeEventListener("keydown", seek)
  }, [])
  const onKeyDown = (event: KeyboardEvent) => {
    const mod = event.ctrlKey || event.metaKey
    const inField = event.target === field.current
    if (mod && event.key === "c" && !inField && chosen && window.getSelection()?.isCollapsed) {
      event.preventDefault()
      copyRange()
    } else if (!mod && !inField && (event.key === "n" || event.key === "N") && hits) {
      event.preventDefault()
      go(at + (event.key === "n" ? 1 : -1))
    } else if (!mod && !inField && event.key === "/") {
      event.preventDefault()
      field.current?.focus()
    }
  }
  const current = at >= 0 ? (hits?.found[at]?.line ?? null) : null
  const filtered = shown instanceof FoundLines ? shown : null
  return (
    <section
      className={classes.viewer}
      style={{ height: height ?? "100%" }}
      aria-label={label}
      onKeyDown={onKeyDown}
    >
      <div className={classes.tools}>
        {chooser}
        <span className={classes.grow} />
        <FindField
          find={find}
          only={only}
          live={live}
          hits={hits}
          at={at}
          go={go}
          onState={onState}
          onLeave={() => lines.current?.focus()}
          field={field}
        />
        {filtered && (
          <span className={classes.count} role="status">
            {filtered.count.toLocaleString("en")}
            {filtered.cut ? "+" : ""} {filtered.count === 1 ? "line" : "lines"}
            {filtered.complete ? "" : ` · ${Math.round(filtered.part * 100)} %`}
          </span>
        )}
        <Select
          aria-label="Level"
          data={LEVELS}
          value={level}
          onChange={(value) => onState({ level: value ?? "" })}
          allowDeselect={false}
          w={142}
        />
        {chosen && (
          <Button size="compact-sm" variant="default" onClick={() => copyRange()}>
            Copy {chosen.from === chosen.to ? "line" : `${chosen.to - chosen.from + 1} lines`}
          </Button>
        )}
        <Tooltip label={wrap ? "Don't wrap long lines" : "Wrap long lines"}>
          <ActionIcon
            variant={wrap ? "light" : "subtle"}
            aria-pressed={wrap}
            aria-label="Wrap long lines"
            onClick={() => onState({ wrap: !wrap })}
          >
            <WrapText size={15} />
          </ActionIcon>
        </Tooltip>
        {log !== null && (
          <>
            <Tooltip label={size > COPIED ? "Too long to be copied: download it" : "Copy all"}>
              <ActionIcon
                aria-label="Copy all"
                disabled={size > COPIED}
                onClick={() => void copy(textOf(run, log), "the whole log")}
              >
                <Copy size={14} />
              </ActionIcon>
            </Tooltip>
            <Tooltip label="Download">
              <ActionIcon
                component="a"
                aria-label="Download the log"
                href={apiUrl(`/runs/${encodeURIComponent(run)}/logs/${log}/text`)}
                download={`${run}-${log}.log`}
              >
                <Download size={14} />
              </ActionIcon>
            </Tooltip>
          </>
        )}
      </div>
      {shown && shown.dropped > 0 && (
        <p className={classes.note}>
          The first {shown.dropped.toLocaleString("en")} lines are no longer here; they are in the log of each
          attempt when it has ended.
        </p>
      )}
      {filtered?.cut && (
        <p className={classes.note}>
          These are the first {MOST_FOUND.toLocaleString("en")} lines. A longer text or a higher level finds
          fewer.
        </p>
      )}
      {shown?.error != null && shown.count === 0 ? (
        <Refusal problem={asProblem(shown.error)} />
      ) : shown?.complete && shown.count === 0 ? (
        <Empty title={filtered ? "No line of this log is like that." : "Nothing was written."} />
      ) : shown ? (
        <Lines
          key={`${run} ${log} ${level} ${only ? find : ""}`}
          source={shown}
          label={label}
          shift={shift}
          find={find}
          wrap={wrap}
          chosen={chosen}
          current={current}
          onNumber={onNumber}
          handle={lines}
          follow={live && !shown.complete && chosen === null}
        />
      ) : null}
    </section>
  )
}
