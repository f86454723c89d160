/**
 * What a launch dialog holds: values, and the YAML that says the same. Either side can be changed; the other follows.
 * While the YAML is no YAML the values stay as they were last, and the form waits.
 */
import { Document, isMap, parseDocument } from "yaml"
import { isObject, type Path, removeAt, same, setAt, type Values } from "./values"

export interface TextProblem {
  /** From 1 on. */
  readonly line: number
  readonly column: number
  /** Letters from the beginning of the text. */
  readonly from: number
  readonly to: number
  readonly problem: string
}

export interface Config {
  readonly values: Values
  readonly text: string
  /** Why the text has no values; then `values` are those before. */
  readonly problem: TextProblem | null
}

const WRITING = { lineWidth: 0, nullStr: "null" } as const

export function toYaml(values: Values): string {
  return Object.keys(values).length === 0
    ? ""
    : new Document(values, { aliasDuplicateObjects: false }).toString(WRITING)
}

export function begin(values: Values): Config {
  return { values, text: toYaml(values), problem: null }
}

/** The values of a YAML text, or where and why it has none. */
export function readYaml(text: string): { values: Values } | { problem: TextProblem } {
  const document = parseDocument(text, { prettyErrors: false, uniqueKeys: true })
  const place = (from: number, to: number, problem: string) => {
    const before = text.slice(0, from).split("\n")
    return {
      line: before.length,
      column: (before.at(-1)?.length ?? 0) + 1,
      from,
      to: Math.max(to, from),
      problem,
    }
  }
  const error = document.errors[0]
  if (error) return { problem: place(error.pos[0], error.pos[1], `${error.message.replace(/\.?$/, "")}.`) }
  const value: unknown = document.contents === null ? {} : document.toJS({ maxAliasCount: 100 })
  if (value === null) return { values: {} }
  if (isObject(value)) return { values: value }
  const end = text.indexOf("\n")
  return {
    problem: place(
      0,
      end < 0 ? text.length : end,
      "These must be names and values, one on each line: `name: value`.",
    ),
  }
}

/** The text was typed. */
export function typed(before: Config, text: string): Config {
  const read = readYaml(text)
  return "values" in read
    ? { values: same(read.values, before.values) ? before.values : read.values, text, problem: null }
    : { values: before.values, text, problem: read.problem }
}

/** A field of the form was changed, or removed where `to` is undefined; comments in the text stay where they are. */
export function changeAt(before: Config, path: Path, to: unknown): Config {
  const values = to === undefined ? removeAt(before.values, path) : setAt(before.values, path, to)
  return { values, text: rewritten(before, path, to, values), problem: null }
}

/** All values are other ones. */
export function replaced(values: Values): Config {
  return begin(values)
}

function rewritten(before: Config, path: Path, to: unknown, values: Values): string {
  if (before.problem === null && before.text.includes("#")) {
    const document = parseDocument(before.text)
    if (document.errors.length === 0 && isMap(document.contents)) {
      if (to === undefined) document.deleteIn(path)
      else document.setIn(path, document.createNode(to))
      const text = document.toString(WRITING)
      const read = readYaml(text)
      // a path through an alias or a scalar can come out otherwise: then the comments have to go
      if ("values" in read && same(read.values, values)) return text
    }
  }
  return toYaml(values)
}
