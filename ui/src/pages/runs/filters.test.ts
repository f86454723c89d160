import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { countOf, FIELDS, filtersOf, frozen, NO_FILTERS, RANGES, type RunsState, timesOf } from "./filters"

const NOW = Date.parse("2026-11-20T22:30:40Z")

const states = fc.record({
  q: fc.constantFrom("", "trades", "a b&c=d"),
  pipeline: fc.constantFrom("", "etl", "p/q"),
  state: fc.constantFrom("", "live", "failed", "running"),
  partition: fc.constantFrom("", "2024-01-05", "2024-01-05|IBM"),
  trigger: fc.constantFrom("", "manual"),
  location: fc.constantFrom("", "main"),
  automation: fc.constant(""),
  execution: fc.constant(""),
  parent: fc.constant(""),
  range: fc.constantFrom(...(Object.keys(RANGES) as Array<keyof typeof RANGES>)),
  since: fc.constantFrom("", "2026-11-01T00:00:00.000Z"),
  until: fc.constant(""),
})

describe("filters of runs", () => {
  it("come back from the URL as they were written into it", () => {
    fc.assert(
      fc.property(states, (state) => {
        const search = new URLSearchParams()
        for (const [name, value] of Object.entries(state))
          for (const each of FIELDS[name as keyof RunsState].write(value as never)) search.append(name, each)
        const again = new URLSearchParams(search.toString())
        for (const [name, value] of Object.entries(state))
          expect(FIELDS[name as keyof RunsState].read(again.getAll(name))).toBe(value)
      }),
    )
  })

  it("ask nothing where nothing is set", () => {
    expect(filtersOf(NO_FILTERS, NOW)).toEqual({})
    expect(countOf(NO_FILTERS)).toBe(0)
  })

  it("tell phases, outcomes and what has not finished apart", () => {
    expect(filtersOf({ ...NO_FILTERS, state: "failed" }, NOW)).toEqual({ outcome: "failed" })
    expect(filtersOf({ ...NO_FILTERS, state: "running" }, NOW)).toEqual({ phase: "running" })
    expect(filtersOf({ ...NO_FILTERS, state: "queued" }, NOW), "as it is kept").toEqual({ phase: "created" })
    expect(filtersOf({ ...NO_FILTERS, state: "live" }, NOW)).toEqual({ live: true })
  })

  it("move with the clock by whole minutes, until they are frozen", () => {
    const last = { ...NO_FILTERS, range: "24h" as const }
    expect(filtersOf(last, NOW)).toEqual({ since: "2026-11-19T22:30:00.000Z" })
    expect(filtersOf(last, NOW + 10_000)).toEqual(filtersOf(last, NOW))
    const still = { ...last, ...frozen(last, NOW) }
    expect(timesOf(still, NOW + 86_400_000)).toEqual({
      since: "2026-11-19T22:30:00.000Z",
      until: "2026-11-20T22:31:00.000Z",
    })
  })
})
