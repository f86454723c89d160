/** What a re-run does: which of its steps run, and which are kept. As service/run/reruns.py decides it. */

export type RerunMode = "failed" | "from" | "only" | "only+" | "all"

export interface StepNeeds {
  readonly task: string
  readonly after: readonly string[]
  readonly mapped: boolean
  readonly role: string
}

/** How the step runs of one step ended in the run before. */
export interface StepEnd {
  readonly task: string
  readonly succeeded: number
  readonly reused: number
  readonly failed: number
  readonly held: number
  readonly lost: number
}

export interface RerunPlan {
  /** Tasks that run again, in order. */
  readonly again: readonly string[]
  /** Mapped tasks of which only the items that failed run again. */
  readonly partly: readonly string[]
  /** Tasks whose results are kept. */
  readonly kept: readonly string[]
  /** Tasks that are left as they ended, though they did not succeed. */
  readonly left: readonly string[]
}

/** Which steps run again; `steps` are in an order in which each comes after those above it. */
export function planRerun(
  mode: RerunMode,
  chosen: string | null,
  steps: readonly StepNeeds[],
  ends: readonly StepEnd[],
): RerunPlan {
  const ended = new Map(ends.map((each) => [each.task, each]))
  const wentWell = (task: string) => {
    const end = ended.get(task)
    return end !== undefined && end.failed + end.held + end.lost === 0
  }
  const all = steps.map((each) => each.task)
  if (mode === "all") return { again: all, partly: [], kept: [], left: [] }
  if (mode === "failed") {
    const failed = new Set(all.filter((task) => !wentWell(task)))
    const again = below(steps, failed)
    const strictly = new Set(
      steps
        .filter((each) => again.has(each.task) && each.after.some((task) => again.has(task)))
        .map((each) => each.task),
    )
    const partly = steps
      .filter(
        (each) => each.mapped && failed.has(each.task) && !strictly.has(each.task) && ended.has(each.task),
      )
      .map((each) => each.task)
    return told(all, again, partly, wentWell)
  }
  const first = new Set(all.filter((task) => task === chosen || task.startsWith(`${chosen}.`)))
  if (mode === "only") return told(all, first, [], wentWell)
  const again = below(steps, first)
  // what did not succeed above runs as well where a run goes on from a step, and is left alone otherwise
  if (mode === "from") for (const task of all) if (!wentWell(task)) again.add(task)
  return told(all, again, [], wentWell)
}

function told(
  all: readonly string[],
  again: ReadonlySet<string>,
  partly: readonly string[],
  wentWell: (task: string) => boolean,
): RerunPlan {
  const rest = all.filter((task) => !again.has(task))
  return {
    again: all.filter((task) => again.has(task)),
    partly,
    kept: rest.filter(wentWell),
    left: rest.filter((task) => !wentWell(task)),
  }
}

/** These tasks and all that are below them. */
export function below(steps: readonly StepNeeds[], tasks: ReadonlySet<string>): Set<string> {
  const found = new Set(tasks)
  for (const step of steps) if (step.after.some((task) => found.has(task))) found.add(step.task)
  return found
}

/** The body with which the API is asked. */
export function rerunBody(mode: RerunMode, step: string | null) {
  return {
    from_failed: mode === "failed",
    from_step: mode === "from" ? step : null,
    only: mode === "only" ? step : mode === "only+" ? `${step}+` : null,
  }
}
