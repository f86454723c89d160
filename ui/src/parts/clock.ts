/** How times are shown, everywhere: relative or absolute, and in which zone. One switch, kept by the browser. */
import { useSyncExternalStore } from "react"
import { create } from "zustand"
import { persist } from "zustand/middleware"
import { serverNow } from "@/api/server-time"

export interface Clock {
  readonly mode: "relative" | "absolute"
  /** An IANA name, or `local` for the browser's own. */
  readonly zone: string
}

export const useClock = create<Clock>()(
  persist(() => ({ mode: "relative", zone: "local" }) as Clock, { name: "weft-clock" }),
)

export function zoneName(zone: string): string {
  return zone === "local" ? Intl.DateTimeFormat().resolvedOptions().timeZone : zone
}

/** In place of what is no time, such as one that was typed into the URL. */
const NONE = "no time"

const formats = new Map<string, Intl.DateTimeFormat>()

function format(zone: string, options: Intl.DateTimeFormatOptions, name: string): Intl.DateTimeFormat {
  const key = `${zone} ${name}`
  let made = formats.get(key)
  if (made === undefined) {
    made = new Intl.DateTimeFormat("en-GB", { timeZone: zoneName(zone), ...options })
    formats.set(key, made)
  }
  return made
}

/** `2012-10-26 14:05:09`, with milliseconds if asked for; sorts as it reads. */
export function absolute(
  at: Date,
  zone: string,
  precision: "day" | "minute" | "second" | "milli" = "second",
): string {
  if (Number.isNaN(at.getTime())) return NONE
  const parts = format(
    zone,
    {
      year: "numeric",
      month: "2-digit",
      day: "2-digit",
      hour: "2-digit",
      minute: "2-digit",
      second: "2-digit",
      fractionalSecondDigits: 3,
      hourCycle: "h23",
    },
    "all",
  ).formatToParts(at)
  const part = (type: string) => parts.find((each) => each.type === type)?.value ?? ""
  const day = `${part("year")}-${part("month")}-${part("day")}`
  if (precision === "day") return day
  const minute = `${day} ${part("hour")}:${part("minute")}`
  if (precision === "minute") return minute
  return `${minute}:${part("second")}${precision === "milli" ? `.${part("fractionalSecond")}` : ""}`
}

/** `26 Oct 14:05`, with the year where it is not this one; the short form for lists and axes. */
export function short(at: Date, zone: string, now: Date = new Date(serverNow())): string {
  if (Number.isNaN(at.getTime())) return NONE
  const day = format(zone, { day: "numeric", month: "short" }, "day").format(at)
  const year = format(zone, { year: "numeric" }, "year")
  const time = format(zone, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" }, "time").format(at)
  return year.format(at) === year.format(now) ? `${day} ${time}` : `${day} ${year.format(at)} ${time}`
}

const STEPS: ReadonlyArray<readonly [seconds: number, unit: string]> = [
  [1, "s"],
  [60, "min"],
  [3600, "h"],
  [86_400, "d"],
]

/** `3 s ago`, `in 4 h 20 min`, `2 d ago`; beyond a fortnight the day itself. */
export function relative(at: Date, now: Date, zone: string): string {
  const seconds = Math.round((at.getTime() - now.getTime()) / 1000)
  if (Number.isNaN(seconds)) return NONE
  const size = Math.abs(seconds)
  if (size < 1) return "now"
  if (size > 14 * 86_400) return short(at, zone, now).replace(/ \d\d:\d\d$/, "")
  const text = span(size)
  return seconds < 0 ? `${text} ago` : `in ${text}`
}

/** Whole seconds as at most two units: `45 s`, `4 min`, `3 h 20 min`, `2 d 4 h`. */
function span(seconds: number): string {
  if (seconds < 60) return `${seconds} s`
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`
  const at = seconds < 86_400 ? 2 : 3
  const [size, unit] = STEPS[at] as (typeof STEPS)[number]
  const [below, belowUnit] = STEPS[at - 1] as (typeof STEPS)[number]
  const whole = Math.floor(seconds / size)
  const rest = Math.floor((seconds - whole * size) / below)
  return rest ? `${whole} ${unit} ${rest} ${belowUnit}` : `${whole} ${unit}`
}

/** How long something took or takes, in seconds: `8 ms`, `0.42 s`, `12.3 s`, `4 min 05 s`, `2 h 03 min`. */
export function duration(seconds: number | null | undefined): string {
  if (seconds === null || seconds === undefined || !Number.isFinite(seconds)) return "–"
  if (seconds < 0.1) return `${Math.max(0, Math.round(seconds * 1000))} ms`
  if (seconds < 10) return `${seconds.toFixed(2)} s`
  if (seconds < 60) return `${seconds.toFixed(1)} s`
  const whole = Math.round(seconds)
  const two = (value: number) => String(value).padStart(2, "0")
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${two(whole % 60)} s`
  if (whole < 86_400) return `${Math.floor(whole / 3600)} h ${two(Math.floor((whole % 3600) / 60))} min`
  return `${Math.floor(whole / 86_400)} d ${Math.floor((whole % 86_400) / 3600)} h`
}

/** Seconds between two times of the API; up to now where the second is not there yet. */
export function between(
  start: string | null | undefined,
  end: string | null | undefined,
  now = serverNow(),
): number | null {
  if (!start) return null
  return ((end ? Date.parse(end) : now) - Date.parse(start)) / 1000
}

let now = serverNow()
const waiting = new Set<() => void>()
let ticking: ReturnType<typeof setInterval> | undefined

function subscribe(heard: () => void): () => void {
  waiting.add(heard)
  ticking ??= setInterval(() => {
    now = serverNow()
    for (const each of waiting) each()
  }, 1000)
  return () => {
    waiting.delete(heard)
    if (waiting.size === 0) {
      clearInterval(ticking)
      ticking = undefined
    }
  }
}

/** The time now in milliseconds, each second anew; one timer for all that show it. */
export function useNow(): number {
  return useSyncExternalStore(subscribe, () => {
    if (serverNow() - now > 1000) now = serverNow()
    return now
  })
}
