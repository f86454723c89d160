/** A line of a log taken apart, and its time in the reader's zone. */
import { zoneName } from "@/parts/clock"

export type Level = "DEBUG" | "INFO" | "WARNING" | "ERROR" | "CRITICAL"

export interface LogRecord {
  readonly time: string
  readonly level: Level
  readonly logger: string
  readonly message: string
}

const RECORD = /^(\d\d:\d\d:\d\d\.\d{3}) (DEBUG|INFO|WARNING|ERROR|CRITICAL) ([^:\s]+): ?(.*)$/s

/** The record that a line begins, null for other lines: what was printed, tracebacks. */
export function readRecord(text: string): LogRecord | null {
  const match = RECORD.exec(text)
  if (match === null) return null
  const [, time, level, logger, message] = match
  return { time: time ?? "", level: level as Level, logger: logger ?? "", message: message ?? "" }
}

const TRACEBACK = /^(Traceback|Stack) \(most recent /

/**
 * The level of each line, given one after the other. What is indented, empty, or stands below a traceback belongs to the
 * record above; other lines were printed and count as INFO. The server's `log_lines.py` decides the same.
 */
export function levels(): (text: string) => Level {
  let level: Level = "INFO"
  let traced = false
  return (text) => {
    const record = readRecord(text)
    if (record) [level, traced] = [record.level, false]
    else if (TRACEBACK.test(text)) traced = true
    else if (!traced && /^\S/.test(text)) level = "INFO"
    return level
  }
}

const DAY = 86_400

function secondsOf(time: string): number {
  const [hours, minutes, seconds] = time.split(":").map(Number)
  return (hours ?? 0) * 3600 + (minutes ?? 0) * 60 + (seconds ?? 0)
}

/** Seconds that a zone is ahead of UTC at a time. */
function aheadAt(at: Date, zone: string): number {
  const parts = new Intl.DateTimeFormat("en-GB", {
    timeZone: zoneName(zone),
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    hourCycle: "h23",
  }).format(at)
  const here = secondsOf(parts)
  const utc = at.getUTCHours() * 3600 + at.getUTCMinutes() * 60 + at.getUTCSeconds()
  return half(here - utc)
}

/** Into (-12 h, 12 h]: a difference of times of day. */
function half(seconds: number): number {
  const within = ((seconds % DAY) + DAY) % DAY
  return within > DAY / 2 ? within - DAY : within
}

/**
 * By how many seconds to move the times in a log so that they are those of `zone`. Logs have the time of day of the
 * machine that wrote them: where that stands is seen by its first record, which comes soon after the attempt began.
 */
export function shiftOf(firstTime: string, began: Date, zone: string): number {
  const utc = began.getUTCHours() * 3600 + began.getUTCMinutes() * 60 + began.getUTCSeconds()
  // zones are apart by quarters of an hour; the first record may be some minutes after the beginning
  const machine = Math.floor((half(secondsOf(firstTime) - utc) + 60) / 900) * 900
  return aheadAt(began, zone) - machine
}

/** A time of day, moved. */
export function moved(time: string, shift: number): string {
  if (shift === 0) return time
  const all = (((secondsOf(time.slice(0, 8)) + shift) % DAY) + DAY) % DAY
  const two = (value: number) => String(Math.floor(value)).padStart(2, "0")
  return `${two(all / 3600)}:${two((all / 60) % 60)}:${two(all % 60)}${time.slice(8)}`
}
