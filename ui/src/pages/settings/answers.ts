/** What the operations that look after an installation found, as lines with a mark each. */

import { bytes } from "@/parts/bytes"
import type { Operation } from "@/parts/use-operations"

export interface Line {
  readonly state: string
  readonly subject: string
  readonly text: string
}

export interface Answer {
  readonly state: string
  /** The answer in one sentence. */
  readonly title: string
  readonly lines: readonly Line[]
}

const LEVELS: Readonly<Record<string, string>> = { ok: "passed", warning: "warned", problem: "failed" }
/** What is wrong comes first. */
const ORDER = ["failed", "warned", "waiting", "passed"]

/** The answer of an operation that has ended. */
export function answerOf(operation: Pick<Operation, "kind" | "outcome" | "problem" | "answer">): Answer {
  const { problem, outcome, kind } = operation
  if (problem)
    return {
      state: "failed",
      title: problem.message,
      lines: problem.remedy ? [{ state: "waiting", subject: "what to do", text: problem.remedy }] : [],
    }
  if (outcome !== "succeeded")
    return { state: outcome ?? "unknown", title: `It ${outcome ?? "ended"} without an answer.`, lines: [] }
  const answer = record(operation.answer)
  if (kind === "doctor") return doctor(answer)
  if (kind === "verify") return verify(answer)
  if (kind === "gc") return gc(answer)
  return { state: "passed", title: "Done.", lines: [] }
}

function doctor(answer: Readonly<Record<string, unknown>>): Answer {
  const lines = list(answer.findings)
    .map(record)
    .map((each) => ({
      state: LEVELS[text(each.level)] ?? "waiting",
      subject: text(each.subject),
      text: [text(each.text), text(each.remedy)].filter(Boolean).join(" "),
    }))
    .sort((one, other) => ORDER.indexOf(one.state) - ORDER.indexOf(other.state))
  const wrong = lines.filter((each) => each.state === "failed").length
  const warned = lines.filter((each) => each.state === "warned").length
  if (wrong) return { state: "failed", title: counted(wrong, "thing is", "things are", "wrong"), lines }
  if (warned)
    return { state: "warned", title: counted(warned, "thing needs", "things need", "a look"), lines }
  return { state: "passed", title: `All ${lines.length} things that it looked at are well.`, lines }
}

function verify(answer: Readonly<Record<string, unknown>>): Answer {
  const events = number(answer.events).toLocaleString("en-GB")
  const rows = Object.values(record(answer.rows)).reduce<number>((sum, each) => sum + number(each), 0)
  const lines: Line[] = Object.entries(record(answer.differences)).flatMap(([table, found]) =>
    list(found).map((each) => ({ state: "failed", subject: table, text: written(each) })),
  )
  for (const each of list(answer.unreadable))
    lines.push({ state: "failed", subject: "unreadable", text: written(each) })
  for (const each of list(answer.damage))
    lines.push({ state: "failed", subject: "damage", text: written(each) })
  if (lines.length > 0 || answer.passed === false)
    return {
      state: "failed",
      title: counted(lines.length, "thing differs", "things differ", "from the events"),
      lines,
    }
  return {
    state: "passed",
    title: `${events} events say exactly what the ${rows.toLocaleString("en-GB")} rows do.`,
    lines,
  }
}

function gc(answer: Readonly<Record<string, unknown>>): Answer {
  // one entry a partition, with all of its versions that go
  const versions = list(answer.removed).reduce<number>(
    (sum, each) => sum + list(record(each).versions).length,
    0,
  )
  const parts = [
    part(versions, "version", "versions"),
    part(list(answer.runs).length, "run", "runs"),
    part(list(answer.leftovers).length, "leftover", "leftovers"),
  ].filter(Boolean)
  const lines = list(answer.problems).map((each) => ({
    state: "failed",
    subject: "problem",
    text: written(each),
  }))
  const verb = answer.dry_run === true ? "would be removed" : "were removed"
  const state = lines.length > 0 ? "failed" : "passed"
  if (parts.length === 0) return { state, title: "There is nothing to remove.", lines }
  return { state, title: `${parts.join(", ")} ${verb}, ${bytes(number(answer.bytes))} in all.`, lines }
}

function part(count: number, one: string, many: string): string {
  return count === 0 ? "" : `${count.toLocaleString("en-GB")} ${count === 1 ? one : many}`
}

function counted(count: number, one: string, many: string, what: string): string {
  return `${count.toLocaleString("en-GB")} ${count === 1 ? one : many} ${what}.`
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : {}
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

function text(value: unknown): string {
  return typeof value === "string" ? value : ""
}

function number(value: unknown): number {
  return typeof value === "number" ? value : 0
}

function written(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value)
}
