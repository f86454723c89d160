/** Which numbers of an asset's history are plotted, and in which order. */
import { absolute } from "./clock"

export interface Point {
  readonly version: string
  readonly partition?: string | null
  readonly at: string
  readonly current: boolean
  readonly state: string
  readonly numbers: Readonly<Record<string, number>>
}

export interface Series {
  readonly name: string
  readonly points: readonly Point[]
  readonly x: readonly number[]
  readonly y: readonly number[]
  readonly names?: readonly string[]
}

/** All names of numbers, those that most versions have first. */
export function namesOf(points: readonly Point[]): readonly string[] {
  const counts = new Map<string, number>()
  for (const point of points)
    for (const name of Object.keys(point.numbers)) counts.set(name, (counts.get(name) ?? 0) + 1)
  return [...counts].toSorted((a, b) => b[1] - a[1] || a[0].localeCompare(b[0])).map(([name]) => name)
}

/**
 * One number over time, as each version was made; or over partitions, in the order of their keys, of the current
 * version of each.
 */
export function seriesOf(points: readonly Point[], name: string, by: "time" | "partition"): Series {
  const having = points.filter((each) => each.numbers[name] !== undefined)
  if (by === "time") {
    const sorted = having.toSorted((a, b) => Date.parse(a.at) - Date.parse(b.at) || numberOf(a) - numberOf(b))
    return {
      name,
      points: sorted,
      x: sorted.map((each) => Date.parse(each.at)),
      y: sorted.map((each) => each.numbers[name] as number),
    }
  }
  const sorted = having
    .filter((each) => each.current)
    .toSorted((a, b) => (a.partition ?? "").localeCompare(b.partition ?? "", "en", { numeric: true }))
  return {
    name,
    points: sorted,
    x: sorted.map((_, place) => place),
    y: sorted.map((each) => each.numbers[name] as number),
    names: sorted.map((each) => each.partition ?? ""),
  }
}

function numberOf(point: Point): number {
  return Number(point.version.slice(1))
}

const FORMAT = new Intl.NumberFormat("en-GB", { maximumFractionDigits: 3 })
// en-GB writes a million as "m", which reads as a thousandth
const SHORT = new Intl.NumberFormat("en-US", { notation: "compact", maximumFractionDigits: 2 })

/** A number of an axis: short, but exact where that is short. */
export function numberWords(value: number): string {
  if (value !== 0 && Math.abs(value) < 0.001) return value.toExponential(1)
  return Math.abs(value) >= 100_000 ? SHORT.format(value) : FORMAT.format(value)
}

/** Seconds of a time axis: times of the day while they are close together, else days. */
export function timeWords(seconds: readonly number[], zone: string): string[] {
  const step = (seconds[1] ?? 0) - (seconds[0] ?? 0)
  let day = ""
  return seconds.map((each) => {
    const at = new Date(each * 1000)
    const here = absolute(at, zone, "day")
    if (step >= 86_400) return here
    const time = absolute(at, zone, step < 60 ? "second" : "minute").slice(11)
    const told = here === day ? time : `${here.slice(5)} ${time}`
    day = here
    return told
  })
}
