/** Selections as texts: quoting values, putting parts together, and where an error points. */

const PLAIN = /^[\w./*?@:=[\]-]+$/

/** A value as it is written behind `group:`; quoted where it has spaces or signs in it. */
export function quoted(value: string): string {
  return PLAIN.test(value) ? value : `"${value.replaceAll('"', "")}"`
}

/** `group:a|b`; nothing without values. */
export function term(field: string, values: readonly string[]): string {
  return values.length > 0 ? `${field}:${values.map(quoted).join("|")}` : ""
}

/** All parts at once: `(a or b) and group:x`. Empty parts say nothing. */
export function allOf(parts: readonly string[]): string {
  const said = parts.map((each) => each.trim()).filter(Boolean)
  if (said.length < 2) return said[0] ?? ""
  return said.map((each) => (/\s(or)\s|,/.test(each) && !wrapped(each) ? `(${each})` : each)).join(" and ")
}

/** Whether the first bracket is closed by the last one. */
function wrapped(text: string): boolean {
  if (!text.startsWith("(")) return false
  let depth = 0
  for (let at = 0; at < text.length; at += 1) {
    depth += text[at] === "(" ? 1 : text[at] === ")" ? -1 : 0
    if (depth === 0) return at === text.length - 1
  }
  return false
}

/** Exactly these assets. */
export function keysOf(keys: readonly string[]): string {
  return keys.length === 0 ? "" : term("key", keys)
}

export interface Pointed {
  readonly said: string
  /** The line of the selection and that with the mark below it, where it points at a place. */
  readonly lines: string | null
}

/** The message of a refused selection, apart from the lines that point at its place. */
export function pointed(detail: string): Pointed {
  const lines = detail.split("\n")
  const mark = lines.findIndex((each) => /^\s*\^+\s*$/.test(each))
  if (mark < 1) return { said: detail, lines: null }
  const source = lines[mark - 1] as string
  const indent = source.length - source.trimStart().length
  const rest = lines.filter((_, at) => at !== mark && at !== mark - 1).join(" ")
  return { said: rest.trim(), lines: `${source.slice(indent)}\n${(lines[mark] as string).slice(indent)}` }
}
