import { memo, type ReactNode } from "react"
import { readAnsi, stripAnsi, urlsIn } from "./ansi"
import classes from "./log.module.css"
import { moved, readRecord } from "./record"

interface LineProps {
  /** From 1. */
  readonly number: number
  /** None while it is on its way. */
  readonly text: string | undefined
  /** By how many seconds its time is moved. */
  readonly shift: number
  /** What is looked for, in either case. */
  readonly find: string
  readonly chosen: boolean
  /** The hit at which one is. */
  readonly current: boolean
  readonly onNumber: (number: number, extend: boolean) => void
}

/** One line of a log: its number, which is a link to it, and its text with colours, links and what is looked for. */
export const Line = memo(function Line(props: LineProps) {
  const { number, text, shift, find, chosen, current, onNumber } = props
  const record = text === undefined ? null : readRecord(stripAnsi(text))
  return (
    <div
      className={classes.line}
      data-line={number}
      data-level={record?.level}
      data-chosen={chosen || undefined}
      data-current={current || undefined}
    >
      <button
        type="button"
        className={classes.number}
        tabIndex={-1}
        aria-label={`Line ${number}`}
        title="Link to this line; with Shift to a range"
        onClick={(event) => onNumber(number, event.shiftKey)}
      >
        {number}
      </button>
      {text === undefined ? (
        <span className={classes.waiting} />
      ) : record ? (
        <span className={classes.text}>
          <span className={classes.time}>{moved(record.time, shift)}</span>{" "}
          <span className={classes[record.level]}>{record.level.padEnd(7)}</span>{" "}
          <span className={classes.logger}>{record.logger}:</span> {pieces(record.message, find)}
        </span>
      ) : (
        <span className={classes.text}>
          {readAnsi(text).map((span, at) => (
            <span
              // biome-ignore lint/suspicious/noArrayIndexKey: spans have no other name than their place
              key={at}
              className={span.classes.map((each) => classes[each]).join(" ") || undefined}
            >
              {pieces(span.text, find)}
            </span>
          ))}
        </span>
      )}
    </div>
  )
})

/** A text with its links, and with what is looked for marked. */
function pieces(text: string, find: string): ReactNode {
  const urls = urlsIn(text)
  if (urls.length === 0) return marked(text, find)
  const found: ReactNode[] = []
  let at = 0
  for (const [start, end] of urls) {
    const url = text.slice(start, end)
    found.push(marked(text.slice(at, start), find))
    found.push(
      <a key={start} className={classes.link} href={url} target="_blank" rel="noreferrer noopener">
        {marked(url, find)}
      </a>,
    )
    at = end
  }
  found.push(marked(text.slice(at), find))
  return found
}

function marked(text: string, find: string): ReactNode {
  if (find === "") return text
  const folded = text.toLowerCase()
  const needle = find.toLowerCase()
  let hit = folded.indexOf(needle)
  if (hit < 0 || folded.length !== text.length) return text
  const found: ReactNode[] = []
  let at = 0
  while (hit >= 0) {
    found.push(text.slice(at, hit))
    found.push(
      <mark key={hit} className={classes.hit}>
        {text.slice(hit, hit + needle.length)}
      </mark>,
    )
    at = hit + needle.length
    hit = folded.indexOf(needle, at)
  }
  found.push(text.slice(at))
  return found
}
