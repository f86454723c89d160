/** What the pages say of incidents, rules and silences. */
import type { Schema } from "@/api/client"
import { duration } from "@/parts/clock"
import { typeWords } from "../events/words"

type Incident = Schema["IncidentView"]

/** The mark of a severity. */
export function severityMark(severity: string): string {
  return { critical: "failed", error: "failed", warning: "warned" }[severity] ?? "waiting"
}

/** The mark of an incident: one that is over is well, one that is taken care of waits. */
export function markOf(incident: Pick<Incident, "phase" | "severity">): string {
  return incident.phase === "resolved" ? "passed" : severityMark(incident.severity)
}

/** What an incident is, in a word of the state column. */
export function phaseWords(incident: Incident): string {
  if (incident.phase === "resolved")
    return incident.resolved_by ? `resolved by ${incident.resolved_by}` : "resolved by itself"
  return incident.phase === "acknowledged" ? `${incident.acknowledged_by ?? "somebody"} takes care` : "open"
}

const ON: Readonly<Record<string, string>> = {
  failure: "failures",
  check: "failed checks",
  late: "what is late",
  due_soon: "what will be late soon",
  stale: "what is stale",
  duration: "what takes too long",
  automation: "failing schedules and sensors",
  location: "locations that don't load",
  worker: "missing workers",
  scheduler: "missing schedulers",
}

/** What a rule is on: `failures and what is late`. */
export function onWords(on: readonly string[]): string {
  const words = on.map((each) => ON[each] ?? each.replaceAll("_", " "))
  return words.length < 2 ? (words[0] ?? "") : `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`
}

/** What a rule tells of; of one that was made of an event, which events: `run finished: failed`. */
export function ruleWords(rule: Pick<Schema["RuleView"], "on" | "events">): string {
  if (!rule.events) return onWords(rule.on)
  const types = rule.events.types.map(typeWords).join(" or ") || "any event"
  return rule.events.outcome ? `${types}: ${rule.events.outcome.replaceAll("_", " ")}` : types
}

/** Seconds of a rule as people say them: `10 min`, `4 h`, `at once`. */
export function secondsWords(seconds: number | null | undefined, none: string): string {
  if (!seconds) return none
  if (seconds % 86_400 === 0) return `${seconds / 86_400} d`
  if (seconds % 3600 === 0) return `${seconds / 3600} h`
  return seconds % 60 === 0 ? `${seconds / 60} min` : duration(seconds)
}

/** The fields that a silence may match, with what they are. */
export const SILENCED: ReadonlyArray<{ value: string; label: string; example: string }> = [
  { value: "root", label: "Where it began", example: "asset:orders*" },
  { value: "subject", label: "What is hit", example: "pipeline:nightly" },
  { value: "rule", label: "Rule", example: "default-late" },
  { value: "owner", label: "Owner", example: "team:trading" },
  { value: "tag", label: "Tag", example: "critical" },
  { value: "severity", label: "Severity", example: "warning" },
]

/** What a silence matches, in words: `root is asset:orders* and severity is warning`. */
export function matchWords(matches: Readonly<Record<string, string>>): string {
  const parts = Object.entries(matches).map(([field, pattern]) => `${field} is ${pattern}`)
  return parts.join(" and ")
}

/** Rows of the form as the API takes them: those without a pattern are left out. */
export function matchesOf(rows: ReadonlyArray<{ field: string; pattern: string }>): Record<string, string> {
  return Object.fromEntries(
    rows
      .map(({ field, pattern }) => [field, pattern.trim()] as const)
      .filter(([, pattern]) => pattern !== ""),
  )
}

/** A line of a timeline as a sentence begins it. */
export const ENTRIES: Readonly<Record<string, { word: string; mark: string }>> = {
  opened: { word: "Opened", mark: "failed" },
  grew: { word: "Again, or more is hit", mark: "stale" },
  acknowledged: { word: "Taken care of", mark: "waiting" },
  note: { word: "Note", mark: "waiting" },
  resolved: { word: "Resolved", mark: "passed" },
  notified: { word: "Told", mark: "passed" },
  "not notified": { word: "Not told", mark: "warned" },
}

/** The channels that an incident was told over, with the last that is known of each. */
export function deliveries(
  timeline: readonly Schema["EntryView"][],
): ReadonlyArray<{ channel: string; sent: number; problem: string; at: string }> {
  const found = new Map<string, { channel: string; sent: number; problem: string; at: string }>()
  for (const entry of timeline) {
    if (entry.kind !== "notified" && entry.kind !== "not notified") continue
    const channel = entry.subject ?? "?"
    const before = found.get(channel)
    const sent = (before?.sent ?? 0) + (entry.kind === "notified" ? 1 : 0)
    // `opened: the address did not answer` names what the message was about first
    const problem = entry.kind === "notified" ? "" : entry.text.replace(/^[a-z ]+: /, "")
    found.set(channel, { channel, sent, problem, at: entry.at })
  }
  return [...found.values()]
}
