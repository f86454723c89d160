import { ActionIcon, Button, Select, TextInput, Tooltip } from "@mantine/core"
import { notifications } from "@mantine/notifications"
import { ChevronDown, ChevronUp, Copy, Download, Search, WrapText, X } from "lucide-react"
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
import { apiUrl, http } from "@/api/client"
import { asProblem } from "@/api/problem"
import { useClock } from "@/parts/clock"
import { Empty, Refusal } from "@/parts/empty"
import { stripAnsi } from "./ansi"
import { Lines, type LinesHandle } from "./lines"
import classes from "./log.module.css"
import { type Level, readRecord, shiftOf } from "./record"
import { readRange, writeRange } from "./scroll"
import { FoundLines, LiveLog, MOST_FOUND, PagedLog, type Reader, type Source } from "./source"

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

const LEVELS = [
  { value: "", label: "All levels" },
  { value: "DEBUG", label: "Debug and above" },
  { value: "INFO", label: "Info and above" },
  { value: "WARNING", label: "Warning and above" },
  { value: "ERROR", label: "Error and above" },
]

function readerOf(run: string, log: string): Reader {
  const path = { id: run, log }
  return {
    index: async (signal) =>
      (await http.GET("/api/v1/runs/{id}/logs/{log}/index", { params: { path }, signal })).data as never,
    page: async ({ level, ...query }, signal) =>
      (
        await http.GET("/api/v1/runs/{id}/logs/{log}", {
          params: { path, query: { ...query, fold: true, level: (level || null) as Level | null } },
          signal,
        })
      ).data as never,
  }
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
  const shown = useSource<Source>(
    () => {
      if (live)
        return new LiveLog(
          apiUrl(`/runs/${encodeURIComponent(run)}/logs/stream`),
          wantedLive(level, only ? find : ""),
        )
      if (level !== "" || (only && find !== ""))
        return new FoundLines(readerOf(run, log), { level, grep: only ? find : "" }, size)
      return new PagedLog(readerOf(run, log))
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
  const chosen = readRange(state.line)
  const { mode, zone } = useClock()
  const [typed, setTyped] = useState(find)
  const [before, setBefore] = useState(find)
  if (before !== find) {
    setBefore(find)
    setTyped(find)
  }

  const shift = useMemo(() => {
    if (shown === null || version < 0 || !began) return 0
    for (let index = 0; index < Math.min(shown.count, 200); index += 1) {
      const record = readRecord(stripAnsi(shown.at(index)?.text ?? ""))
      if (record) return shiftOf(record.time, new Date(began), mode === "relative" ? "local" : zone)
    }
    return 0
  }, [shown, version, began, mode, zone])

  // the line of a link is brought into view once the log is there
  const arrived = useRef("")
  useEffect(() => {
    if (shown === null || shown.count === 0 || chosen === null) return
    const place = `${run} ${log} ${state.line} ${level} ${only}`
    if (arrived.current === place) return
    arrived.current = place
    lines.current?.show(shown.indexOf(chosen.from - 1))
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
  // biome-ignore lint/correctness/useExhaustiveDependencies: once for each search, not with each of its pages
  useEffect(() => {
    if (first && shown && shown.count > 0) go(chosen ? (hits?.indexOf(chosen.from - 1) ?? 0) : 0)
    else setAt(-1)
  }, [hits, first])

  const onNumber = (number: number, extend: boolean) => {
    const range =
      extend && chosen
        ? { from: Math.min(chosen.from, number), to: Math.max(chosen.to, number) }
        : { from: number, to: number }
    arrived.current = `${run} ${log} ${writeRange(range)} ${level} ${only}`
    onState({ line: state.line === writeRange(range) ? "" : writeRange(range) })
  }
  const copyRange = async () => {
    if (chosen === null || shown === null) return
    const text = live
      ? Array.from(
          { length: chosen.to - chosen.from + 1 },
          (_, each) => shown.at(shown.indexOf(chosen.from - 1 + each))?.text ?? "",
        ).join("\n")
      : await textOf(run, log, chosen.from, chosen.to)
    await navigator.clipboard.writeText(stripped(text))
    notifications.show({ message: `Copied ${chosen.to - chosen.from + 1} lines.` })
  }
  const copyAll = async () => {
    if (log === null) return
    const answer = await fetch(apiUrl(`/runs/${encodeURIComponent(run)}/logs/${log}/text`))
    await navigator.clipboard.writeText(stripped(await answer.text()))
    notifications.show({ message: "Copied the whole log." })
  }
  const onKeyDown = (event: KeyboardEvent) => {
    const mod = event.ctrlKey || event.metaKey
    const inField = event.target === field.current
    if (mod && event.key === "f") {
      event.preventDefault()
      field.current?.focus()
      field.current?.select()
    } else if (mod && event.key === "c" && !inField && chosen && window.getSelection()?.isCollapsed) {
      event.preventDefault()
      void copyRange()
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
        <form
          onSubmit={(event) => {
            event.preventDefault()
            if (typed !== find) onState({ find: typed })
            else go(at + 1)
          }}
        >
          <TextInput
            ref={field}
            className={classes.find}
            value={typed}
            onChange={(event) => setTyped(event.currentTarget.value)}
            onKeyDown={(event) => {
              if (event.key === "Enter" && event.shiftKey) {
                event.preventDefault()
                go(at - 1)
              } else if (event.key === "Escape") {
                event.preventDefault()
                setTyped("")
                onState({ find: "", only: false })
                lines.current?.focus()
              }
            }}
            leftSection={<Search size={13} />}
            rightSection={
              typed && (
                <ActionIcon
                  size="xs"
                  aria-label="Clear the search"
                  onClick={() => {
                    setTyped("")
                    onState({ find: "", only: false })
                  }}
                >
                  <X size={12} />
                </ActionIcon>
              )
            }
            placeholder={live ? "Find in what is here" : "Find in the whole log"}
            aria-label="Find in the log"
          />
        </form>
        {find !== "" && !only && hits && (
          <>
            <span className={classes.count} role="status">
              {said(at, hits)}
            </span>
            <ActionIcon size="sm" aria-label="Previous hit" disabled={!first} onClick={() => go(at - 1)}>
              <ChevronUp size={14} />
            </ActionIcon>
            <ActionIcon size="sm" aria-label="Next hit" disabled={!first} onClick={() => go(at + 1)}>
              <ChevronDown size={14} />
            </ActionIcon>
          </>
        )}
        {filtered && (
          <span className={classes.count} role="status">
            {filtered.count.toLocaleString("en")}
            {filtered.cut ? "+" : ""} {filtered.count === 1 ? "line" : "lines"}
            {filtered.complete ? "" : ` · ${Math.round(filtered.part * 100)} %`}
          </span>
        )}
        {find !== "" && (
          <Button
            size="compact-sm"
            variant={only ? "light" : "default"}
            aria-pressed={only}
            onClick={() => onState({ only: !only })}
          >
            Only these
          </Button>
        )}
        <Select
          aria-label="Level"
          data={LEVELS}
          value={level}
          onChange={(value) => onState({ level: value ?? "" })}
          allowDeselect={false}
          w={150}
        />
        {chosen && (
          <Button size="compact-sm" variant="default" onClick={() => void copyRange()}>
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
              <ActionIcon aria-label="Copy all" disabled={size > COPIED} onClick={() => void copyAll()}>
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

/** Bytes that are copied at most. */
const COPIED = 20 << 20

function said(at: number, hits: FoundLines): string {
  const count = hits.count.toLocaleString("en")
  if (hits.count === 0) return hits.complete ? "no hits" : `${Math.round(hits.part * 100)} %`
  return `${at + 1} of ${count}${hits.cut ? "+" : ""}${hits.complete ? "" : "…"}`
}

function stripped(text: string): string {
  return text.split("\n").map(stripAnsi).join("\n")
}

/** What of a live log is shown, decided here as it comes. */
function wantedLive(level: string, find: string): ((text: string) => boolean) | null {
  if (level === "" && find === "") return null
  const order = LEVELS.map((each) => each.value)
  let open = level === ""
  return (text) => {
    const record = readRecord(text)
    if (record && level !== "")
      open = order.indexOf(record.level) >= order.indexOf(level) || record.level === "CRITICAL"
    return open && text.toLowerCase().includes(find.toLowerCase())
  }
}

/** Lines of a log from the server, also those that are not in view. */
async function textOf(run: string, log: string, from: number, to: number): Promise<string> {
  const source = new PagedLog(readerOf(run, log))
  try {
    const found: string[] = []
    for (let at = from - 1; at < to; at += 1) {
      while (source.at(at) === undefined) {
        if (source.error !== null) throw source.error
        if (source.complete && at >= source.count) return found.join("\n")
        source.want(at, at + 1)
        await new Promise<void>((resolve) => {
          const end = source.subscribe(() => {
            end()
            resolve()
          })
        })
      }
      found.push(source.at(at)?.text ?? "")
    }
    return found.join("\n")
  } finally {
    source.close()
  }
}
