/** A JSON schema, as weft writes it for the parameters of a pipeline, read as what a form shows. */

export interface JsonSchema {
  readonly type?: string | readonly string[]
  readonly title?: string
  readonly description?: string
  readonly default?: unknown
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly format?: string
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly required?: readonly string[]
  readonly additionalProperties?: boolean | JsonSchema
  readonly items?: JsonSchema | boolean
  readonly prefixItems?: readonly JsonSchema[]
  readonly anyOf?: readonly JsonSchema[]
  readonly oneOf?: readonly JsonSchema[]
  readonly allOf?: readonly JsonSchema[]
  readonly $ref?: string
  readonly minimum?: number
  readonly maximum?: number
  readonly exclusiveMinimum?: number
  readonly exclusiveMaximum?: number
  readonly multipleOf?: number
  readonly minLength?: number
  readonly maxLength?: number
  readonly pattern?: string
  readonly minItems?: number
  readonly maxItems?: number
  readonly uniqueItems?: boolean
  readonly examples?: readonly unknown[]
}

export type Definitions = Readonly<Record<string, JsonSchema>>

/** The parameters of something: an object's schema with what it refers to. */
export interface Parameters {
  readonly schema: JsonSchema
  readonly definitions: Definitions
}

interface Common {
  /** The schema with references followed, without the null that it allows. */
  readonly schema: JsonSchema
  readonly nullable: boolean
}

/** What a value is edited with. Children are schemas, not shapes, since a schema may refer to itself. */
export type Shape = Common &
  (
    | { readonly kind: "text" }
    | { readonly kind: "truth" }
    | { readonly kind: "any" }
    | { readonly kind: "nothing" }
    | { readonly kind: "number"; readonly whole: boolean }
    | { readonly kind: "choice"; readonly values: readonly unknown[] }
    | { readonly kind: "list"; readonly item: JsonSchema }
    | {
        readonly kind: "object"
        readonly fields: ReadonlyArray<readonly [name: string, schema: JsonSchema, required: boolean]>
        /** What values of other names must be; null where there may be none. */
        readonly rest: JsonSchema | null
      }
    | { readonly kind: "variants"; readonly variants: readonly JsonSchema[] }
  )

const MOST_REFERENCES = 20

/** A schema with its `$ref` followed, and with the parts of an `allOf` put together. */
export function resolve(schema: JsonSchema, definitions: Definitions): JsonSchema {
  let found = schema
  for (let count = 0; found.$ref !== undefined && count < MOST_REFERENCES; count += 1) {
    const { $ref, ...beside } = found
    const named = definitions[$ref.replace(/^#\/\$defs\//, "")]
    if (named === undefined) return beside
    found = { ...named, ...beside }
  }
  if (found.allOf === undefined) return found
  const { allOf, ...beside } = found
  const parts = allOf.map((each) => resolve(each, definitions))
  const merged = Object.assign({}, ...parts, beside) as JsonSchema
  const properties = Object.assign({}, ...parts.map((each) => each.properties), beside.properties)
  return Object.keys(properties).length ? { ...merged, properties } : merged
}

function isNull(schema: JsonSchema): boolean {
  return schema.type === "null" || schema.const === null
}

/** How a value of a schema is edited. */
export function shapeOf(given: JsonSchema, definitions: Definitions): Shape {
  let schema = resolve(given, definitions)
  const several = schema.anyOf ?? schema.oneOf
  if (several !== undefined) {
    const variants = several.map((each) => resolve(each, definitions)).filter((each) => !isNull(each))
    const nullable = variants.length < several.length
    const { anyOf: _any, oneOf: _one, ...beside } = schema
    if (variants.length !== 1)
      return { kind: variants.length ? "variants" : "nothing", variants, schema: beside, nullable }
    // the words beside the choice (title, default) are of this parameter, those within are of the type
    const inner = shapeOf({ ...variants[0], ...beside }, definitions)
    return { ...inner, nullable: inner.nullable || nullable }
  }
  if (Array.isArray(schema.type)) {
    const types = (schema.type as readonly string[]).filter((each) => each !== "null")
    const nullable = types.length < schema.type.length
    if (types.length > 1) {
      const variants = types.map((type) => ({ ...schema, type }))
      return { kind: "variants", variants, schema, nullable }
    }
    schema = { ...schema, type: types[0] ?? "null" }
    return one(schema, nullable)
  }
  return one(schema, false)
}

function one(schema: JsonSchema, nullable: boolean): Shape {
  const common = { schema, nullable }
  if (schema.const !== undefined) return { kind: "choice", values: [schema.const], ...common }
  if (schema.enum !== undefined) {
    const values = schema.enum.filter((each) => each !== null)
    return {
      kind: "choice",
      values,
      ...common,
      nullable: nullable || values.length < schema.enum.length,
    }
  }
  switch (schema.type) {
    case "string":
      return { kind: "text", ...common }
    case "integer":
      return { kind: "number", whole: true, ...common }
    case "number":
      return { kind: "number", whole: false, ...common }
    case "boolean":
      return { kind: "truth", ...common }
    case "null":
      return { kind: "nothing", ...common, nullable: true }
    case "array":
      if (schema.prefixItems !== undefined) return { kind: "any", ...common }
      return { kind: "list", item: typeof schema.items === "object" ? schema.items : {}, ...common }
    case "object":
      return object(schema, nullable)
    default:
      return schema.properties ? object(schema, nullable) : { kind: "any", ...common }
  }
}

function object(schema: JsonSchema, nullable: boolean): Shape {
  const { properties = {}, required = [], additionalProperties } = schema
  const fields = Object.entries(properties).map(
    ([name, each]) => [name, each, required.includes(name)] as const,
  )
  // what must be given stands first; the rest in the order of the schema
  fields.sort((a, b) => Number(b[2]) - Number(a[2]))
  const closed = additionalProperties === false || (additionalProperties === undefined && fields.length > 0)
  const rest = closed ? null : typeof additionalProperties === "object" ? additionalProperties : {}
  return { kind: "object", fields, rest, schema, nullable }
}

/** What a value begins as that is added: its default, else the smallest value of its type. */
export function blank(given: JsonSchema, definitions: Definitions): unknown {
  const outer = resolve(given, definitions)
  if (outer.default !== undefined) return outer.default
  const shape = shapeOf(given, definitions)
  if (shape.schema.default !== undefined) return shape.schema.default
  switch (shape.kind) {
    case "text":
      return ""
    case "number":
      return Math.max(shape.schema.minimum ?? 0, 0)
    case "truth":
      return false
    case "choice":
      return shape.values[0]
    case "list":
      return []
    case "object":
      return Object.fromEntries(
        shape.fields
          .filter(([, schema, required]) => required || resolve(schema, definitions).default !== undefined)
          .map(([name, schema]) => [name, blank(schema, definitions)]),
      )
    case "variants":
      return shape.variants[0] ? blank(shape.variants[0], definitions) : null
    default:
      return shape.nullable ? null : ""
  }
}

/** What parameters are if nothing is changed: the defaults of all that have one. */
export function defaultsOf({ schema, definitions }: Parameters): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(schema.properties ?? {}).flatMap(([name, each]) => {
      const { default: value } = resolve(each, definitions)
      return value === undefined ? [] : [[name, value]]
    }),
  )
}

/** A type in words: `whole number`, `list of text`, `date`. */
export function typeWords(given: JsonSchema, definitions: Definitions): string {
  const shape = shapeOf(given, definitions)
  const word = wordOf(shape, definitions)
  return shape.nullable && shape.kind !== "nothing" ? `${word} or none` : word
}

function wordOf(shape: Shape, definitions: Definitions): string {
  switch (shape.kind) {
    case "text":
      return (
        (
          { date: "date", "date-time": "date and time", time: "time", duration: "duration" } as Record<
            string,
            string
          >
        )[shape.schema.format ?? ""] ?? "text"
      )
    case "number":
      return shape.whole ? "whole number" : "number"
    case "truth":
      return "yes or no"
    case "choice":
      return "choice"
    case "list":
      return `list of ${typeWords(shape.item, definitions)}`
    case "object":
      return shape.fields.length ? "fields" : "names and values"
    case "variants":
      return shape.variants.map((each) => typeWords(each, definitions)).join(" or ")
    case "nothing":
      return "none"
    case "any":
      return "any value"
  }
}
