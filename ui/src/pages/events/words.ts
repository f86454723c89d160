/** What is said of an event in one line. */
import type { Event } from "./feed"

const MARKS: Readonly<Record<string, string>> = {
  LocationFailed: "failed",
  AttemptsLost: "failed",
  IncidentOpened: "failed",
  IncidentGrew: "stale",
  IncidentResolved: "passed",
  Materialized: "fresh",
  InputRequested: "suspended",
  AutomationPaused: "paused",
  ExecutionPaused: "paused",
}

/** The mark before an event. */
export function markOf(event: Event): string {
  if (event.type === "ChecksEvaluated" || event.type === "NotificationSent")
    return failing(event.body) ? "warned" : "passed"
  return event.outcome ?? MARKS[event.type] ?? "waiting"
}

function failing(body: Event["body"]): boolean {
  const checks = at(body, "checks")
  if (Array.isArray(checks)) return checks.some((each) => at(each, "passed") === false)
  return text(at(body, "error")) !== ""
}

/** What happened, from what the event itself has; "" where that says nothing. */
export function sayingOf(event: Event): string {
  const body = event.body
  const named = [text(at(body, "pipeline")), event.partition ?? ""].filter(Boolean).join(" ")
  switch (event.type) {
    case "AttemptFailed":
    case "RunFinished": {
      const error = at(body, "error")
      const why = [text(at(error, "kind")), text(at(error, "message"))].filter(Boolean).join(": ")
      return [named || shortStep(event), why].filter(Boolean).join(" · ")
    }
    case "TickDecided":
      return [text(at(body, "decision")), text(at(body, "reason"))].filter(Boolean).join(": ")
    case "ChangeMade":
      return [text(at(body, "by")), text(at(body, "action")), text(at(body, "target"))]
        .filter(Boolean)
        .join(" ")
    case "ArtifactMade":
      return [text(at(body, "kind")), text(at(body, "key"))].filter(Boolean).join(" ")
    case "NotificationSent":
      return [text(at(body, "channel")), text(at(body, "error"))].filter(Boolean).join(": ")
    default: {
      const said = ["title", "detail", "note", "reason", "message", "text"]
        .map((name) => text(at(body, name)))
        .find(Boolean)
      return said || named || shortStep(event) || event.assets?.join(", ") || ""
    }
  }
}

/** `pipeline:step` and the item of a mapped one. */
function shortStep(event: Event): string {
  return [event.step, event.item && `[${event.item}]`, event.partition].filter(Boolean).join(" ")
}

function at(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined
}

function text(value: unknown): string {
  return typeof value === "string" ? (value.split("\n", 1)[0] ?? "") : ""
}

/** `RunFinished` as words: `run finished`. */
export function typeWords(type: string): string {
  return type.replace(/(?<=[a-z])(?=[A-Z])/g, " ").toLowerCase()
}
