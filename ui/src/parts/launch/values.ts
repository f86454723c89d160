/** Values in values, by path; every change makes a new value and leaves the old one as it was. */

export type Path = ReadonlyArray<string | number>
export type Values = Readonly<Record<string, unknown>>

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value)
}

export function getAt(value: unknown, path: Path): unknown {
  let found = value
  for (const part of path) {
    if (Array.isArray(found)) found = found[Number(part)]
    else if (isObject(found)) found = Object.hasOwn(found, String(part)) ? found[String(part)] : undefined
    else return undefined
  }
  return found
}

/** The value with another one at a path; what is missing on the way there is made. */
export function setAt<T>(value: T, path: Path, to: unknown): T {
  const [part, ...rest] = path
  if (part === undefined) return to as T
  if (typeof part === "number") {
    const list: unknown[] = Array.isArray(value) ? [...value] : []
    list[part] = setAt(list[part], rest, to)
    return list as T
  }
  const object: Readonly<Record<string, unknown>> = isObject(value) ? value : {}
  const before = Object.hasOwn(object, part) ? object[part] : undefined
  return { ...object, [part]: setAt(before, rest, to) } as T
}

/** The value without what is at a path: a name of an object, or an item of a list. */
export function removeAt<T>(value: T, path: Path): T {
  const last = path.at(-1)
  const above = getAt(value, path.slice(0, -1))
  if (typeof last === "number" && Array.isArray(above))
    return setAt(value, path.slice(0, -1), above.toSpliced(last, 1))
  if (last === undefined || !isObject(above)) return value
  const { [String(last)]: _gone, ...left } = above
  return setAt(value, path.slice(0, -1), left)
}

export function same(a: unknown, b: unknown): boolean {
  if (Object.is(a, b) || a === b) return true
  if (Array.isArray(a) && Array.isArray(b))
    return a.length === b.length && a.every((each, index) => same(each, b[index]))
  if (!isObject(a) || !isObject(b)) return false
  const [names, others] = [Object.keys(a), Object.keys(b)]
  return (
    names.length === others.length && names.every((name) => Object.hasOwn(b, name) && same(a[name], b[name]))
  )
}

/** Of the values those that are not as in `base`: what has to be sent so that the whole comes out. */
export function changed(values: Values, base: Values): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(values).filter(([name, value]) => !(Object.hasOwn(base, name) && same(value, base[name]))),
  )
}

/** A path as the server writes it: `limits.0.symbol`. */
export function written(path: Path): string {
  return path.join(".")
}

/** Values as the types of the API want an object of anything: what is in it is checked by the server. */
export function forApi(values: Values): Record<string, never> {
  return values as Record<string, never>
}
