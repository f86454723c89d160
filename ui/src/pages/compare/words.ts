/** What differs between two runs, in words and in the order in which it matters. */
import type { Schema } from "@/api/client"

export type Both = Schema["RunComparison"]
type Pair = Schema["StepPair"]

/** The steps, those that differ most first: another state, then the difference in seconds, then those in one run only. */
export function ordered(steps: readonly Pair[]): Pair[] {
  return steps.toSorted((a, b) => weight(b) - weight(a))
}

function weight(pair: Pair): number {
  const { before, after } = pair
  if (before === null || after === null) return 1e9
  const other = before.state === after.state ? 0 : 1e12
  return other + Math.abs(after.seconds - before.seconds)
}

/** `+2.3 s`, `−40 %` said of a step; "" where there is nothing to say. */
export function deltaOf(pair: Pair): { seconds: number; part: number | null } | null {
  if (pair.before === null || pair.after === null) return null
  const seconds = pair.after.seconds - pair.before.seconds
  return { seconds, part: pair.before.seconds > 0 ? seconds / pair.before.seconds : null }
}

/** Whether a difference of durations is worth a colour: a tenth of the step, and more than noise. */
export function isNotable(delta: { seconds: number; part: number | null } | null): boolean {
  return delta !== null && Math.abs(delta.seconds) >= 0.05 && Math.abs(delta.part ?? 1) >= 0.1
}

export interface Said {
  readonly what: "outcome" | "params" | "code" | "inputs" | "steps" | "values"
  readonly words: string
}

const many = (count: number, one: string, more = `${one}s`) =>
  `${count.toLocaleString("en")} ${count === 1 ? one : more}`

/** What differs first: one line for each kind that does. */
export function differences(both: Both): Said[] {
  const found: Said[] = []
  const [was, is] = [both.before.outcome ?? both.before.phase, both.after.outcome ?? both.after.phase]
  if (was !== is) found.push({ what: "outcome", words: `outcome: ${was}, then ${is}` })
  const params = both.params.filter((each) => each.different)
  if (params.length)
    found.push({
      what: "params",
      words: `${many(params.length, "parameter")}: ${params.map((each) => each.name).join(", ")}`,
    })
  if (both.code.length) found.push({ what: "code", words: `code of ${many(both.code.length, "function")}` })
  const inputs = both.inputs.length + (both.left_out.inputs ?? 0)
  if (inputs) found.push({ what: "inputs", words: many(inputs, "input") })
  const states = both.steps.filter((each) => each.before?.state !== each.after?.state)
  if (states.length) found.push({ what: "steps", words: `state of ${many(states.length, "step")}` })
  const values = both.values.length + (both.left_out.values ?? 0)
  if (values) found.push({ what: "values", words: many(values, "value") })
  return found
}
