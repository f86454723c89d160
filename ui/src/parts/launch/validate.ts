/** What is wrong with a value by its JSON schema, told at the field. The server has the last word; this one is at once. */
import { type Definitions, type JsonSchema, type Shape, shapeOf, typeWords } from "./schema"
import { isObject, type Path, same, written } from "./values"

export interface FieldProblem {
  /** Where, as the server writes it: `limits.0.symbol`. */
  readonly path: string
  readonly problem: string
  /** Nothing was given yet: not worth a word before one tries to start. */
  readonly missing?: boolean
}

export function problemsOf(
  value: unknown,
  schema: JsonSchema,
  definitions: Definitions,
  path: Path = [],
): FieldProblem[] {
  const shape = shapeOf(schema, definitions)
  const at = (problem: string): FieldProblem[] => [{ path: written(path), problem }]
  if (value === null && (shape.nullable || shape.kind === "any")) return []
  switch (shape.kind) {
    case "any":
      return []
    case "nothing":
      return at("must be none")
    case "choice":
      return shape.values.some((each) => same(each, value))
        ? []
        : at(`must be one of ${shape.values.map((each) => shown(each)).join(", ")}`)
    case "truth":
      return typeof value === "boolean" ? [] : at("must be yes or no")
    case "number":
      return at2(at, numberProblem(value, shape))
    case "text":
      return at2(at, typeof value === "string" ? textProblem(value, shape.schema) : "must be text")
    case "list": {
      if (!Array.isArray(value)) return at("must be a list")
      const own = listProblem(value, shape.schema)
      const inside = value.flatMap((each, index) =>
        problemsOf(each, shape.item, definitions, [...path, index]),
      )
      return own === null ? inside : [...at(own), ...inside]
    }
    case "object":
      return objectProblems(value, shape, definitions, path)
    case "variants": {
      const tried = shape.variants.map((each) => problemsOf(value, each, definitions, path))
      if (tried.some((each) => each.length === 0)) return []
      // of the one that is nearest, unless none is of the right type at all
      const nearest = tried.toSorted((a, b) => depth(b) - depth(a))[0] ?? []
      return depth(nearest) > path.length ? nearest : at(`must be ${typeWords(schema, definitions)}`)
    }
  }
}

type At = (problem: string) => FieldProblem[]

function at2(at: At, problem: string | null): FieldProblem[] {
  return problem === null ? [] : at(problem)
}

function depth(problems: readonly FieldProblem[]): number {
  return Math.max(0, ...problems.map((each) => (each.path ? each.path.split(".").length : 0)))
}

function objectProblems(
  value: unknown,
  shape: Extract<Shape, { kind: "object" }>,
  definitions: Definitions,
  path: Path,
): FieldProblem[] {
  if (!isObject(value)) return [{ path: written(path), problem: "must have names and values" }]
  const known = new Map(shape.fields.map(([name, schema]) => [name, schema]))
  const found: FieldProblem[] = shape.fields
    .filter(([name, , required]) => required && !Object.hasOwn(value, name))
    .map(([name]) => ({ path: written([...path, name]), problem: "must be given", missing: true }))
  for (const [name, each] of Object.entries(value)) {
    const schema = known.get(name) ?? shape.rest
    if (schema === null)
      found.push({
        path: written([...path, name]),
        problem: `there is no parameter of this name${known.size ? `; there are ${[...known.keys()].join(", ")}` : ""}`,
      })
    else found.push(...problemsOf(each, schema, definitions, [...path, name]))
  }
  return found
}

function numberProblem(value: unknown, shape: Extract<Shape, { kind: "number" }>): string | null {
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf } = shape.schema
  if (typeof value !== "number" || !Number.isFinite(value))
    return shape.whole ? "must be a whole number" : "must be a number"
  if (shape.whole && !Number.isInteger(value)) return "must be a whole number"
  if (minimum !== undefined && value < minimum) return `must be at least ${minimum}`
  if (maximum !== undefined && value > maximum) return `must be at most ${maximum}`
  if (exclusiveMinimum !== undefined && value <= exclusiveMinimum)
    return `must be more than ${exclusiveMinimum}`
  if (exclusiveMaximum !== undefined && value >= exclusiveMaximum)
    return `must be less than ${exclusiveMaximum}`
  if (multipleOf !== undefined) {
    const parts = value / multipleOf
    if (Math.abs(parts - Math.round(parts)) > 1e-9) return `must be a multiple of ${multipleOf}`
  }
  return null
}

const DATE = /^\d{4}-\d{2}-\d{2}$/
const CLOCK = /^\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?$/

function isDate(text: string): boolean {
  if (!DATE.test(text)) return false
  const date = new Date(`${text}T00:00:00Z`)
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text)
}

function textProblem(value: string, schema: JsonSchema): string | null {
  const { minLength, maxLength, pattern, format } = schema
  const length = [...value].length
  if (format === "date" && !isDate(value)) return "must be a date such as 2024-01-31"
  if (format === "date-time") {
    const [day = "", clock = ""] = value.split(/[T ]/)
    if (!isDate(day) || (clock !== "" && !CLOCK.test(clock)))
      return "must be a date and time such as 2024-01-31T14:00:00Z"
  }
  if (format === "time" && !CLOCK.test(value)) return "must be a time such as 14:00:00"
  if (minLength !== undefined && length < minLength)
    return minLength === 1 ? "must not be empty" : `must have at least ${minLength} letters`
  if (maxLength !== undefined && length > maxLength) return `must have at most ${maxLength} letters`
  if (pattern !== undefined && !matches(pattern, value)) return `must match ${pattern}`
  return null
}

/** Whether a text matches; a pattern that only Python can read is left to the server. */
function matches(pattern: string, value: string): boolean {
  let compiled: RegExp
  try {
    compiled = new RegExp(pattern, "u")
  } catch (error) {
    if (error instanceof SyntaxError) return true
    throw error
  }
  return compiled.test(value)
}

function listProblem(
  value: readonly unknown[],
  { minItems, maxItems, uniqueItems }: JsonSchema,
): string | null {
  if (minItems !== undefined && value.length < minItems) return `must have at least ${minItems} items`
  if (maxItems !== undefined && value.length > maxItems) return `must have at most ${maxItems} items`
  if (uniqueItems && value.some((each, index) => value.slice(0, index).some((other) => same(each, other))))
    return "must not have the same item twice"
  return null
}

/** A value in a line of text, as a choice shows it. */
export function shown(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value)
}
