/** The rows of the grid: the steps of a pipeline in their order, groups as rows that fold. */

export interface StepOfGrid {
  readonly task: string
  readonly group: string
  readonly mapped: boolean
}

export interface GridRow {
  /** A group's name ends with a dot, so that no step has it. */
  readonly id: string
  readonly name: string
  readonly depth: number
  /** The steps whose states the row shows: one, or those of a folded group. */
  readonly tasks: readonly string[]
  readonly kind: "group" | "task"
  readonly mapped: boolean
  readonly folded: boolean
}

/** The group that a step is in: the one it names, else that which its own name begins with. */
export function groupOf({ task, group }: { readonly task: string; readonly group: string }): string {
  return group || task.slice(0, Math.max(0, task.lastIndexOf(".")))
}

/** Rows for steps; those of a group stand below it, unless it is folded. */
export function rowsOf(given: readonly StepOfGrid[], folded: ReadonlySet<string>): GridRow[] {
  const steps = given.map((each) => ({ ...each, group: groupOf(each) }))
  const rows: GridRow[] = []
  const inside = new Map<string, string[]>()
  for (const step of steps)
    for (const group of groupsAbove(step.group)) {
      const tasks = inside.get(group)
      if (tasks) tasks.push(step.task)
      else inside.set(group, [step.task])
    }
  const begun = new Set<string>()
  for (const step of steps) {
    const groups = groupsAbove(step.group)
    let hidden = false
    for (const [depth, group] of groups.entries()) {
      if (!hidden && !begun.has(group)) {
        begun.add(group)
        rows.push({
          id: `${group}.`,
          name: group.slice(group.lastIndexOf(".") + 1),
          depth,
          tasks: inside.get(group) ?? [],
          kind: "group",
          mapped: false,
          folded: folded.has(group),
        })
      }
      hidden ||= folded.has(group)
    }
    if (hidden) continue
    const prefix = step.group ? `${step.group}.` : ""
    rows.push({
      id: step.task,
      name: prefix && step.task.startsWith(prefix) ? step.task.slice(prefix.length) : step.task,
      depth: groups.length,
      tasks: [step.task],
      kind: "task",
      mapped: step.mapped,
      folded: false,
    })
  }
  return together(rows, steps, folded)
}

/** `a.b` is in `a` and in `a.b`. */
export function groupsAbove(group: string): string[] {
  if (group === "") return []
  const parts = group.split(".")
  return parts.map((_, index) => parts.slice(0, index + 1).join("."))
}

/** The order of steps may leave a group and come back to it: then what is in it is put together at its first row. */
function together(
  rows: readonly GridRow[],
  steps: readonly StepOfGrid[],
  folded: ReadonlySet<string>,
): GridRow[] {
  const own = new Map(steps.map((each) => [each.task, each.group]))
  const parent = (row: GridRow): string => {
    if (row.kind === "task") return own.get(row.id) ?? ""
    const name = row.id.slice(0, -1)
    return name.includes(".") ? name.slice(0, name.lastIndexOf(".")) : ""
  }
  const children = new Map<string, GridRow[]>()
  for (const row of rows) {
    const above = parent(row)
    const list = children.get(above)
    if (list) list.push(row)
    else children.set(above, [row])
  }
  const found: GridRow[] = []
  const visit = (group: string) => {
    for (const row of children.get(group) ?? []) {
      found.push(row)
      if (row.kind === "group" && !folded.has(row.id.slice(0, -1))) visit(row.id.slice(0, -1))
    }
  }
  visit("")
  return found
}
