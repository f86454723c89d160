/** What differs between two versions of a pipeline: its steps, the edges between them, and its settings. */
import type { Change } from "@/graph/types"

/** One setting; undefined on the side where it is as by default. */
export interface FieldChange {
  readonly name: string
  readonly before: unknown
  readonly after: unknown
}

export interface StepDifference {
  readonly task: string
  readonly label: string
  readonly group: string
  readonly operator: string
  readonly mapped: boolean
  readonly change: Change
  /** Whether its function, or what that uses, is other code. */
  readonly code: boolean
  readonly fields: readonly FieldChange[]
}

export interface EdgeDifference {
  readonly from: string
  readonly to: string
  readonly value: boolean
  readonly label: string
  readonly change: Change
  readonly fields: readonly FieldChange[]
}

export interface Difference {
  readonly steps: readonly StepDifference[]
  readonly edges: readonly EdgeDifference[]
  /** Settings of the pipeline itself. */
  readonly own: readonly FieldChange[]
}

type Json = Readonly<Record<string, unknown>>

function asJson(value: unknown): Json {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Json) : {}
}

function asList(value: unknown): readonly Json[] {
  return Array.isArray(value) ? value.map(asJson) : []
}

function asText(value: unknown): string {
  return typeof value === "string" ? value : ""
}

/** The two documents are those of the API, as `/definitions/pipeline:NAME/document` gives them. */
export function differenceOf(before: Json, after: Json): Difference {
  const [old, fresh] = [pipelineOf(before), pipelineOf(after)]
  const tasks = [...fresh.steps.keys(), ...[...old.steps.keys()].filter((task) => !fresh.steps.has(task))]
  const edges = [...fresh.edges.keys(), ...[...old.edges.keys()].filter((key) => !fresh.edges.has(key))]
  return {
    steps: tasks.map((task) => stepOf(task, old.steps.get(task), fresh.steps.get(task))),
    edges: edges.map((key) => edgeOf(old.edges.get(key), fresh.edges.get(key))),
    own: fieldsOf(old.own, fresh.own),
  }
}

interface Pipeline {
  readonly own: Json
  readonly steps: ReadonlyMap<string, Json>
  readonly edges: ReadonlyMap<string, Edge>
}

interface Edge {
  readonly from: string
  readonly to: string
  readonly settings: Json
}

function pipelineOf(document: Json): Pipeline {
  const { steps: given, code, name, kind, params, ...own } = asJson(document.pipeline)
  const steps = new Map(asList(given).map((step) => [asText(step.task), step]))
  const taskOf = new Map([...steps].map(([task, step]) => [asText(step.key), task]))
  const edges = new Map<string, Edge>()
  for (const [to, step] of steps)
    for (const { step: key, ...settings } of asList(step.after)) {
      const from = taskOf.get(asText(key))
      if (from !== undefined) edges.set(JSON.stringify([from, to]), { from, to, settings })
    }
  return { own: { ...own, ...(params === undefined ? {} : { params: parsed(params) }) }, steps, edges }
}

/** Parameters are kept as the text of their JSON schema. */
function parsed(params: unknown): unknown {
  try {
    return JSON.parse(asText(params))
  } catch {
    return params
  }
}

function stepOf(task: string, before: Json | undefined, after: Json | undefined): StepDifference {
  const shown = after ?? before ?? {}
  const both = before !== undefined && after !== undefined
  const fields = both ? fieldsOf(settingsOf(before), settingsOf(after)) : []
  const code = both && before.code !== after.code
  return {
    task,
    label: asText(shown.label),
    group: asText(shown.group),
    operator: asText(shown.operator),
    mapped: shown.fan !== undefined,
    change:
      before === undefined ? "added" : after === undefined ? "removed" : changed(code || fields.length > 0),
    code,
    fields,
  }
}

function edgeOf(before: Edge | undefined, after: Edge | undefined): EdgeDifference {
  const { from, to, settings } = (after ?? before) as Edge
  const fields = before && after ? fieldsOf(before.settings, after.settings) : []
  return {
    from,
    to,
    value: settings.value === true,
    label: asText(settings.label),
    change: before === undefined ? "added" : after === undefined ? "removed" : changed(fields.length > 0),
    fields,
  }
}

function changed(differs: boolean): Change {
  return differs ? "changed" : "same"
}

/** What a step is set to, without what is said elsewhere: its code as such, its edges as edges. */
function settingsOf({ key, task, code, after, ...settings }: Json): Json {
  return settings
}

/** The settings that differ, those within others by their way there: `policies › retry › retries`. */
export function fieldsOf(before: Json, after: Json, way: readonly string[] = []): FieldChange[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])]
  return names.flatMap((name): FieldChange[] => {
    const [old, fresh] = [before[name], after[name]]
    const here = [...way, name.replaceAll("_", " ")]
    // what is left out is as by default, also within
    if (isNested(old, fresh)) return fieldsOf(asJson(old), asJson(fresh), here)
    if (JSON.stringify(old) === JSON.stringify(fresh)) return []
    return [{ name: here.join(" › "), before: old, after: fresh }]
  })
}

function isNested(old: unknown, fresh: unknown): boolean {
  const known = [old, fresh].filter((each) => each !== undefined)
  return known.every((each) => typeof each === "object" && each !== null && !Array.isArray(each))
}

/** A setting as people read it. */
export function said(value: unknown): string {
  if (value === undefined) return "default"
  if (value === null) return "none"
  if (typeof value === "boolean") return value ? "yes" : "no"
  if (Array.isArray(value) && value.every((each) => typeof each !== "object")) return value.join(", ")
  return typeof value === "string" ? value : JSON.stringify(value)
}

/** How many of several things were added, removed, changed, or are the same. */
export function countsOf(
  several: ReadonlyArray<{ readonly change: Change }>,
): Readonly<Record<Change, number>> {
  const counts = { added: 0, removed: 0, changed: 0, same: 0 }
  for (const { change } of several) counts[change] += 1
  return counts
}
