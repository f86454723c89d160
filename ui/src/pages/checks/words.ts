/** What the page says of checks. */
import type { Schema } from "@/api/client"
import type { Operation } from "@/parts/use-operations"

type Check = Schema["CheckView"]

/** The mark of a check: what fails only as a warning is none that stops anything. */
export function markOf(check: Pick<Check, "state">): string {
  return check.state
}

/** On what it fails, in words: `7 of 50 partitions`, `fails`, `none of 50`. */
export function failingWords(check: Pick<Check, "failed" | "results" | "last">): string {
  if (check.results === 0) return "not run yet"
  const whole = check.results === 1 && check.last?.partition === null
  if (whole) return check.failed ? "fails" : "passes"
  const of = check.results.toLocaleString("en-GB")
  return check.failed === 0 ? `none of ${of}` : `${check.failed.toLocaleString("en-GB")} of ${of}`
}

/** What a failure of it does. */
export function weightOf(check: Pick<Check, "blocking" | "severity">): string {
  if (check.blocking) return "blocks"
  return check.severity === "warn" ? "warns" : "reports"
}

export const WEIGHTS: Readonly<Record<string, string>> = {
  blocks: "A version that fails it never becomes current, and holds back what is below.",
  warns: "A failure is noted; nothing is held back.",
  reports: "A failure is an error in the asset's health; nothing is held back.",
}

/** How running checks alone ended, in one line. */
export function outcomeWords(operations: readonly Operation[]): { state: string; text: string } | null {
  if (operations.length === 0) return null
  const waits = operations.find((each) => each.state === "waiting" && each.waits_for)
  if (waits) return { state: "waiting", text: `waits for ${waits.waits_for}` }
  if (operations.some((each) => each.state !== "finished")) return { state: "running", text: "checks run" }
  const wrong = operations.find((each) => each.problem)?.problem
  if (wrong) return { state: "failed", text: [wrong.message, wrong.remedy].filter(Boolean).join(" ") }
  const sum = (name: string) => operations.reduce((all, each) => all + count(each.answer, name), 0)
  const [all, passed, published] = [sum("checks"), sum("passed"), sum("published")]
  const parts = [`${passed.toLocaleString("en-GB")} of ${all.toLocaleString("en-GB")} passed`]
  if (published > 0) parts.push(`${published === 1 ? "a version" : `${published} versions`} became current`)
  return { state: passed === all ? "passed" : "failed", text: parts.join(", ") }
}

function count(answer: unknown, name: string): number {
  const value = typeof answer === "object" && answer !== null ? Reflect.get(answer, name) : 0
  return typeof value === "number" ? value : 0
}
