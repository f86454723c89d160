/** The alert rule that an event suggests. */
import type { Event } from "./feed"

export interface Suggested {
  /** The first of the likely names that no rule has. */
  readonly name: string
  readonly type: string
  /** What it is about, so that the next one of its kind matches, too: a pipeline rather than one of its runs. */
  readonly subject: string
  readonly outcome: string
}

/** Things that are met once: a rule on one of them would never match again. */
const ONCE = new Set(["run", "execution", "incident", "silence", "plan"])

/** Incidents and what is told of them: a rule on them would alert on its own alerts. */
const OWN = /^(Incident|Notification|Silence|AlertRule)/

export function canAlert(type: string): boolean {
  return !OWN.test(type)
}

export function suggested(
  event: Pick<Event, "type" | "subject" | "step" | "outcome" | "assets"> & { readonly pipeline: string },
  taken: readonly string[] = [],
): Suggested {
  const subject = lastingSubject(event)
  const outcome = event.outcome ?? ""
  const about = subject.slice(subject.indexOf(":") + 1).replaceAll(/[^\w.-]+/g, "-")
  const what = event.type.replaceAll(/(?<=[a-z])(?=[A-Z])/g, "-").toLowerCase()
  // the subject stands before it in an incident's title; names are each the only one
  const plain = outcome && !what.endsWith(outcome) ? `${what}-${outcome}` : what
  const named = [plain, about && `${about}-${plain}`, ...COUNTED.map((each) => `${plain}-${each}`)]
  const name = named.find((each) => each !== "" && !taken.includes(each)) ?? plain
  return { name, type: event.type, subject, outcome }
}

const COUNTED = [2, 3, 4, 5, 6, 7, 8, 9]

function lastingSubject(event: Parameters<typeof suggested>[0]): string {
  const kind = event.subject.slice(0, event.subject.indexOf(":"))
  if (event.subject && !ONCE.has(kind)) return event.subject
  if (event.assets?.[0]) return `asset:${event.assets[0]}`
  const colon = (event.step ?? "").indexOf(":")
  const pipeline = event.pipeline || (colon > 0 ? (event.step ?? "").slice(0, colon) : "")
  return pipeline ? `pipeline:${pipeline}` : ""
}
