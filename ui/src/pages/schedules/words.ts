/** Schedules, sensors and conditions in words. */
import type { Schema } from "@/api/client"

export type Automation = Schema["AutomationView"]
export type Schedule = Schema["ScheduleView"]

/** What was decided, as a state and a word. */
export const DECISIONS: Readonly<Record<string, { state: string; word: string }>> = {
  started: { state: "accepted", word: "started" },
  skipped: { state: "skipped", word: "skipped" },
  failed: { state: "failed", word: "could not start" },
  missed: { state: "late", word: "missed" },
}

export function decisionOf(word: string): { state: string; word: string } {
  return DECISIONS[word] ?? { state: "waiting", word: word || "nothing yet" }
}

const DAYS = ["Sundays", "Mondays", "Tuesdays", "Wednesdays", "Thursdays", "Fridays", "Saturdays"]

const two = (value: string) => value.padStart(2, "0")
const isNumber = (field: string) => /^\d+$/.test(field)

/** Cron text as people say it, where it is of a common form; null where it is read best as it is. */
export function cronInWords(text: string): string | null {
  const named: Readonly<Record<string, string>> = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
  }
  const fields = (named[text] ?? text).trim().split(/\s+/)
  const [minute, hour, day, month, weekday] = fields
  if (fields.length !== 5 || !minute || !hour || !day || !month || !weekday || month !== "*") return null
  const step = /^\*\/(\d+)$/.exec(minute)?.[1]
  if (hour === "*" && day === "*" && weekday === "*") {
    if (minute === "*" || step === "1") return "every minute"
    if (step) return `every ${step} minutes`
    return isNumber(minute) ? `hourly at :${two(minute)}` : null
  }
  if (!isNumber(minute)) return null
  const every = /^\*\/(\d+)$/.exec(hour)?.[1]
  if (every && day === "*" && weekday === "*") return `every ${every} hours at :${two(minute)}`
  if (!isNumber(hour)) return null
  const at = `at ${two(hour)}:${two(minute)}`
  if (day === "*" && weekday === "*") return `daily ${at}`
  if (day === "*" && weekday === "1-5") return `on weekdays ${at}`
  if (day === "*" && isNumber(weekday)) return `on ${DAYS[Number(weekday) % 7]} ${at}`
  if (isNumber(day) && weekday === "*") return `on day ${day} of the month ${at}`
  return null
}

/** When something looks or is due, in words; what its text says stands beside it. */
export function when(text: string): string {
  return cronInWords(text) ?? text.replace(/^RRULE:/, "")
}

/** Where a thing that asks for runs has its page. */
export function nameOf(automation: Pick<Automation, "id" | "kind" | "name">): string {
  return automation.kind === "schedule" ? automation.name : automation.id
}
