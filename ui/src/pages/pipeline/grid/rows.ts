/** The rows of the grid: the steps of a pipeline in their order; groups and mapped steps are rows that fold. */
import type { StepItems } from "./items"

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
  readonly kind: "group" | "task" | "item" | "note"
  readonly mapped: boolean
  readonly folded: boolean
  /** One item of a mapped step. */
  readonly item: ItemOfRow | null
}

export interface ItemOfRow {
  readonly task: string
  readonly name: string
  readonly place: number
  /** null: that of no run was read. */
  readonly of: StepItems | null
}

/** Whether a row folds and unfolds others. */
export function isFolder(row: GridRow): boolean {
  return row.kind === "group" || (row.kind === "task" && row.mapped)
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
          item: null,
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
      folded: step.mapped,
      item: null,
    })
  }
  return together(rows, steps, folded)
}

/**
 * The rows with the items of the mapped steps that are unfolded, a row each; `only` those with which something is. A row
 * of words stands where there is none.
 */
export function withItems(
  rows: readonly GridRow[],
  open: ReadonlyMap<string, StepItems>,
  only: boolean,
  asking: boolean,
): readonly GridRow[] {
  if (open.size === 0) return rows
  const found: GridRow[] = []
  for (const row of rows) {
    const items = row.kind === "task" && row.mapped ? open.get(row.id) : undefined
    if (items === undefined) {
      found.push(row)
      continue
    }
    found.push({ ...row, folded: false })
    const places = only ? items.notFine : Array.from({ length: items.count }, (_, place) => place)
    for (const place of places) found.push(itemRow(row.id, items.nameOf(place), row.depth + 1, place, items))
    if (places.length > 0) continue
    const name = asking
      ? "is being read …"
      : only && items.count > 0
        ? "all of them are fine"
        : "has no items"
    const note = { tasks: [], kind: "note", mapped: false, folded: false, item: null } as const
    found.push({ ...note, id: `${row.id}[`, name, depth: row.depth + 1 })
  }
  return found
}

function itemRow(task: string, name: string, depth: number, place: number, of: StepItems | null): GridRow {
  return {
    id: `${task}[${name}]`,
    name: `[${name}]`,
    depth,
    tasks: [task],
    kind: "item",
    mapped: false,
    folded: false,
    item: { task, name, place, of },
  }
}

/** The row that an id names: of the rows, or of an item whose step is folded now or which was not read yet. */
export function rowCalled(
  id: string,
  rows: readonly GridRow[],
  open: ReadonlyMap<string, StepItems>,
): GridRow | null {
  const row = rows.find((each) => each.id === id)
  if (row !== undefined) return row
  const parts = /^([^[]+)\[(.*)\]$/.exec(id)
  if (parts === null) return null
  const [, task = "", name = ""] = parts
  const items = open.get(task) ?? null
  return itemRow(task, name, 0, items?.rowOf(name) ?? -1, items)
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
