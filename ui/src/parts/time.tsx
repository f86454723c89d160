import { serverNow } from "@/api/server-time"
import { absolute, between, duration, relative, short, useClock, useNow, zoneName } from "./clock"

interface TimeProps {
  readonly at: string | null | undefined
  /** What stands there without a time. */
  readonly none?: string
}

/** A time as the reader chose it, relative or absolute; its title has it in full, in the zone and in UTC. */
export function Time({ at, none = "–" }: TimeProps) {
  const { mode, zone } = useClock()
  return at ? mode === "relative" ? <Relative at={at} zone={zone} /> : <Absolute at={at} zone={zone} /> : none
}

function Relative({ at, zone }: { at: string; zone: string }) {
  const ticked = useNow()
  const date = new Date(at)
  // what came since the last tick of the clock is past, not to come
  const now = date.getTime() > ticked ? serverNow() : ticked
  return (
    <time dateTime={at} title={inFull(date, zone)}>
      {relative(date, new Date(now), zone)}
    </time>
  )
}

function Absolute({ at, zone }: { at: string; zone: string }) {
  const date = new Date(at)
  return (
    <time dateTime={at} title={inFull(date, zone)}>
      {short(date, zone)}
    </time>
  )
}

export function inFull(date: Date, zone: string): string {
  const name = zoneName(zone)
  const here = `${absolute(date, zone, "milli")} ${name}`
  return name === "UTC" ? here : `${here}\n${absolute(date, "UTC", "milli")} UTC`
}

/** How long something took, or takes so far. */
export function Lasted({ from, to }: { from: string | null | undefined; to: string | null | undefined }) {
  if (!from) return "–"
  return to ? duration(between(from, to)) : <Running from={from} />
}

function Running({ from }: { from: string }) {
  const now = useNow()
  return <>{duration(Math.max(0, Math.round(between(from, null, now) ?? 0)))}</>
}
