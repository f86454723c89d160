/** What a page shows is in its URL: filters, tabs, ranges, zoom. A link to it shows the same. */
import { useLocation, useRouter } from "@tanstack/react-router"
import { useCallback, useMemo } from "react"

/** How a value is written in the URL; what is as by default is left out. */
export interface Field<T> {
  read(raw: readonly string[]): T
  write(value: T): readonly string[]
}

export function text(initial = ""): Field<string> {
  return { read: (raw) => raw[0] ?? initial, write: (value) => (value === initial ? [] : [value]) }
}

export function oneOf<const T extends string>(words: readonly T[], initial: T): Field<T> {
  return {
    read: (raw) => words.find((each) => each === raw[0]) ?? initial,
    write: (value) => (value === initial ? [] : [value]),
  }
}

/** A number from `least` to `most`; what is none of these is as if it was not given. */
export function number(
  initial: number,
  least = -Number.MAX_SAFE_INTEGER,
  most = Number.MAX_SAFE_INTEGER,
): Field<number> {
  return {
    read: (raw) => {
      const value = raw[0]?.trim() ? Number(raw[0]) : Number.NaN
      return value >= least && value <= most ? value : initial
    },
    write: (value) => (value === initial ? [] : [String(value)]),
  }
}

/** The last moment that a Date can be, in milliseconds. */
const LAST = 8.64e15

/** A moment in milliseconds; 0 is none. */
export function moment(): Field<number> {
  const { read, write } = number(0, -LAST, LAST)
  return { read: (raw) => Math.round(read(raw)), write }
}

export function flag(initial = false): Field<boolean> {
  return {
    read: (raw) => (raw[0] === undefined ? initial : raw[0] === "1"),
    write: (value) => (value === initial ? [] : [value ? "1" : "0"]),
  }
}

export function list(): Field<readonly string[]> {
  return { read: (raw) => raw, write: (value) => value }
}

type Fields = Record<string, Field<unknown>>
type Values<F extends Fields> = { [K in keyof F]: F[K] extends Field<infer T> ? T : never }

/** What the state is in the URL of the window. */
export function readUrl<F extends Fields>(fields: F): Values<F> {
  return read(fields, location.search)
}

function read<F extends Fields>(fields: F, written: string): Values<F> {
  const search = new URLSearchParams(written)
  return Object.fromEntries(
    Object.entries(fields).map(([name, field]) => [name, field.read(search.getAll(name))]),
  ) as Values<F>
}

export interface SetOptions {
  /** Whether the back button leads to the state before. By default it does not: filters are changed many times. */
  readonly push?: boolean
}

/**
 * The state of a page that is in its URL, and how to change a part of it.
 *
 * `fields` must be a constant outside of the component. Parameters that are not among them are left alone.
 */
export function useUrlState<F extends Fields>(
  fields: F,
): [Values<F>, (change: Partial<Values<F>>, options?: SetOptions) => void] {
  const location = useLocation()
  const router = useRouter()
  const values = useMemo(() => read(fields, location.searchStr), [fields, location.searchStr])
  const set = useCallback(
    (change: Partial<Values<F>>, options: SetOptions = {}) => {
      const search = new URLSearchParams(router.state.location.searchStr)
      for (const [name, value] of Object.entries(change)) {
        const field = fields[name]
        if (field === undefined) continue
        search.delete(name)
        for (const each of field.write(value)) search.append(name, each)
      }
      const next = parseSearch(search.toString())
      void router.navigate({ to: ".", search: next, replace: !options.push, resetScroll: false })
    },
    [fields, router],
  )
  return [values, set]
}

/** A URL's search as a plain object, as the router keeps it: every value is text, or a list of texts. */
export function parseSearch(search: string): Record<string, string | string[]> {
  const given = new URLSearchParams(search)
  return Object.fromEntries(
    [...new Set(given.keys())].map((name) => {
      const values = given.getAll(name)
      return [name, values.length === 1 ? (values[0] ?? "") : values]
    }),
  )
}

export function writeSearch(search: Record<string, unknown>): string {
  const written = new URLSearchParams()
  for (const [name, value] of Object.entries(search))
    for (const each of Array.isArray(value) ? value : [value])
      if (each !== undefined && each !== null && each !== "") written.append(name, String(each))
  const text = written.toString()
  return text ? `?${text}` : ""
}
