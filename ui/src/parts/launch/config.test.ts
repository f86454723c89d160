import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { begin, changeAt, readYaml, toYaml, typed } from "./config"
import { blank, type JsonSchema, shapeOf } from "./schema"
import { problemsOf } from "./validate"
import { changed, getAt, type Path, removeAt, same, setAt, type Values } from "./values"

const name = fc.stringMatching(/^[a-z][a-z0-9_]{0,6}$/)
const scalar = fc.oneof(
  fc.string(),
  fc.string({ unit: "binary" }).filter((text) => text.isWellFormed()),
  fc.constantFrom(
    "yes",
    "null",
    "~",
    "2024-01-05",
    "1e3",
    "0x1f",
    "- a",
    "a: b",
    "#no",
    " x ",
    "",
    "true",
    "|",
    "12:30",
  ),
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => (Object.is(value, -0) ? 0 : value)),
  fc.boolean(),
  fc.constant(null),
)
const { value } = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: "small" },
    scalar,
    fc.array(tie("value"), { maxLength: 4 }),
    fc.dictionary(name, tie("value"), { maxKeys: 4, noNullPrototype: true }),
  ),
}))
const values = fc.dictionary(name, value, { maxKeys: 5, noNullPrototype: true }) as fc.Arbitrary<Values>

/** A schema with a value that fits it. */
const { typedValue } = fc.letrec<{ typedValue: readonly [JsonSchema, unknown] }>((tie) => ({
  typedValue: fc.oneof(
    { depthSize: "small" },
    fc.string().map((text) => [{ type: "string" }, text] as const),
    fc
      .integer({ min: -5, max: 500 })
      .map((each) => [{ type: "integer", minimum: -5, maximum: 500 }, each] as const),
    fc.double({ noNaN: true, noDefaultInfinity: true }).map((each) => [{ type: "number" }, each] as const),
    fc.boolean().map((each) => [{ type: "boolean" }, each] as const),
    fc
      .date({ min: new Date("1900-01-01"), max: new Date("2200-01-01"), noInvalidDate: true })
      .map((each) => [{ type: "string", format: "date" }, each.toISOString().slice(0, 10)] as const),
    fc
      .uniqueArray(fc.string(), { minLength: 1, maxLength: 4 })
      .map((all) => [{ enum: all }, all[0]] as const),
    tie("typedValue").chain(([schema, each]) =>
      fc.constantFrom(null, each).map((or) => [{ anyOf: [schema, { type: "null" }] }, or] as const),
    ),
    tie("typedValue").map(([schema, each]) => [{ type: "array", items: schema }, [each, each]] as const),
    fc
      .dictionary(name, tie("typedValue"), { maxKeys: 3, minKeys: 1, noNullPrototype: true })
      .map((fields) => {
        const all = Object.entries(fields)
        const properties = Object.fromEntries(all.map(([field, [schema]]) => [field, schema]))
        const filled = Object.fromEntries(all.map(([field, [, each]]) => [field, each]))
        return [{ type: "object", properties, required: Object.keys(fields) }, filled] as const
      }),
  ),
}))

function everyPath(of: unknown, path: Path = []): Path[] {
  if (Array.isArray(of))
    return of.flatMap((each, index) => [[...path, index], ...everyPath(each, [...path, index])])
  if (typeof of === "object" && of !== null)
    return Object.entries(of).flatMap(([key, each]) => [[...path, key], ...everyPath(each, [...path, key])])
  return []
}

describe("the YAML beside the form", () => {
  it("says the same as the values, whatever they are", () => {
    fc.assert(
      fc.property(values, (all) => {
        expect(readYaml(toYaml(all))).toEqual({ values: all })
      }),
    )
  })

  it("is in step after each change in the form", () => {
    fc.assert(
      fc.property(values, name, value, (all, field, to) => {
        const after = changeAt(begin(all), [field], to)
        expect(readYaml(after.text)).toEqual({ values: after.values })
        expect(getAt(after.values, [field])).toEqual(to)
      }),
    )
  })

  it("keeps its comments when a field is changed", () => {
    const before = typed(begin({}), "# for the audit\ncount: 3 # as agreed\nnote: x\n")
    expect(changeAt(before, ["note"], "y").text).toBe("# for the audit\ncount: 3 # as agreed\nnote: y\n")
    expect(changeAt(before, ["note"], undefined).text).toBe("# for the audit\ncount: 3 # as agreed\n")
  })

  it("keeps the last values while it cannot be read, and says where", () => {
    const before = begin({ count: 3 })
    const broken = typed(before, "count: 3\nnote: [a\n")
    expect(broken.values).toEqual({ count: 3 })
    expect(broken.problem).toMatchObject({ line: 3 })
    expect(typed(broken, "count: 4\n")).toMatchObject({ values: { count: 4 }, problem: null })
  })

  it("refuses what is no map, and a name that stands twice", () => {
    expect(readYaml("- a\n- b\n")).toMatchObject({ problem: { line: 1 } })
    expect(readYaml("a: 1\nb: 2\na: 3\n")).toMatchObject({ problem: { line: 3 } })
    expect(readYaml("")).toEqual({ values: {} })
  })
})

describe("values by path", () => {
  it("are found where they were put, and nothing else moved", () => {
    fc.assert(
      fc.property(values, value, fc.nat(), (all, to, pick) => {
        const paths = everyPath(all)
        const path = paths[pick % Math.max(1, paths.length)] ?? ["new"]
        const before = structuredClone(all)
        const after = setAt(all, path, to)
        expect(getAt(after, path)).toEqual(to)
        expect(all).toEqual(before)
        expect(same(setAt(after, path, getAt(before, path)), before)).toBe(paths.length > 0)
      }),
    )
  })

  it("are gone when removed", () => {
    expect(removeAt({ a: [1, 2, 3], b: 1 }, ["a", 1])).toEqual({ a: [1, 3], b: 1 })
    expect(removeAt({ a: { c: 1 }, b: 1 }, ["a", "c"])).toEqual({ a: {}, b: 1 })
  })

  it("that are as before are not sent", () => {
    expect(changed({ a: [1], b: 2, c: null }, { a: [1], b: 3 })).toEqual({ b: 2, c: null })
  })
})

describe("a form from a schema", () => {
  it("accepts every value that fits, and shows it with a shape", () => {
    fc.assert(
      fc.property(typedValue, ([schema, fits]) => {
        expect(problemsOf(fits, schema, {})).toEqual([])
        expect(shapeOf(schema, {}).kind).not.toBe("any")
      }),
    )
  })

  it("gives every value through YAML back as it was", () => {
    fc.assert(
      fc.property(typedValue, ([schema, fits]) => {
        const read = readYaml(toYaml({ it: fits }))
        if (!("values" in read)) throw new Error(read.problem.problem)
        expect(problemsOf(read.values.it, schema, {})).toEqual([])
        expect(same(read.values.it, fits)).toBe(true)
      }),
    )
  })

  it("begins lists and objects with values that fit", () => {
    const limit: JsonSchema = {
      type: "object",
      properties: {
        most: { type: "integer", default: 5 },
        symbol: { type: "string" },
        note: { type: "string" },
      },
      required: ["symbol"],
    }
    expect(blank({ $ref: "#/$defs/Limit" }, { Limit: limit })).toEqual({ most: 5, symbol: "" })
  })
})

describe("what is wrong", () => {
  const model: JsonSchema = {
    type: "object",
    properties: {
      days: { type: "integer", minimum: 1, maximum: 250 },
      method: { enum: ["historical", "parametric"] },
      mail: { type: "string", pattern: "^[^@ ]+@[^@ ]+$" },
      seed: { anyOf: [{ type: "integer" }, { type: "null" }] },
      limits: { type: "array", items: { $ref: "#/$defs/Limit" } },
    },
    required: ["days"],
  }
  const definitions = {
    Limit: { type: "object", properties: { symbol: { type: "string", minLength: 1 } }, required: ["symbol"] },
  }
  const told = (given: unknown) =>
    problemsOf(given, model, definitions).map((each) => `${each.path} ${each.problem}`)

  it("is said at the field, with what it must be", () => {
    expect(told({})).toEqual(["days must be given"])
    expect(told({ days: 0 })).toEqual(["days must be at least 1"])
    expect(told({ days: 1.5 })).toEqual(["days must be a whole number"])
    expect(told({ days: "12a" })).toEqual(["days must be a whole number"])
    expect(told({ days: 1, method: "x" })).toEqual(["method must be one of historical, parametric"])
    expect(told({ days: 1, mail: "x" })).toEqual(["mail must match ^[^@ ]+@[^@ ]+$"])
    expect(told({ days: 1, seed: null })).toEqual([])
    expect(told({ days: 1, seed: "x" })).toEqual(["seed must be a whole number"])
    expect(told({ days: 1, limits: [{ symbol: "" }, {}] })).toEqual([
      "limits.0.symbol must not be empty",
      "limits.1.symbol must be given",
    ])
    expect(told({ dya: 1 })[1]).toMatch(/^dya there is no parameter of this name; there are days, /)
  })
})
