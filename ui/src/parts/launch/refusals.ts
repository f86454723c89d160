/** Where in a dialog a refusal of the server belongs. */
import type { Problem } from "@/api/problem"

export interface Placed {
  /** Of parameters, by path. */
  readonly params: ReadonlyMap<string, string>
  /** Of the other fields: `partition`, `partitions`, `priority`, `concurrency`, `pool`. */
  readonly others: ReadonlyMap<string, string>
  /** Whether something of it stands nowhere, so that the whole has to be shown. */
  readonly rest: boolean
}

const NOWHERE: Placed = { params: new Map(), others: new Map(), rest: false }

/** Sort what is wrong to its fields; `shown` are the parameters that the form has. */
export function placed(problem: Problem | null, shown: ReadonlySet<string>): Placed {
  if (problem === null) return NOWHERE
  const params = new Map<string, string>()
  const others = new Map<string, string>()
  let rest = problem.fields.length === 0
  for (const { field, problem: told } of problem.fields) {
    const path = field.replace(/^body\./, "")
    const [first = "", ...below] = path.split(".")
    if (first === "params" && shown.has(below[0] ?? "")) params.set(below.join("."), told)
    else if (first !== "params" && below.length === 0) others.set(first, told)
    else rest = true
  }
  return { params, others, rest }
}
