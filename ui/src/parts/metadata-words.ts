/** What a value of metadata is, and so how it is shown. It comes from users' code: text, never markup. */

export type Value =
  | { readonly kind: "hidden" }
  | { readonly kind: "number"; readonly number: number }
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "code"; readonly text: string }
  | { readonly kind: "link"; readonly href: string }
  | { readonly kind: "image"; readonly source: string }
  | { readonly kind: "page"; readonly size: number }
  | {
      readonly kind: "table"
      readonly head: readonly string[]
      readonly rows: readonly (readonly string[])[]
      readonly more: number
    }

const MOST_ROWS = 50

/** Serialised schemas are for machines; the columns beside them say the same. */
const FOR_MACHINES = new Set(["arrow_schema"])

/** Pictures that cannot carry scripts. */
const PICTURES = new Set(["image/png", "image/jpeg", "image/gif", "image/webp"])

export function kindOf(name: string, raw: unknown): Value {
  if (FOR_MACHINES.has(name) || raw === null || raw === undefined) return { kind: "hidden" }
  if (typeof raw === "number") return { kind: "number", number: raw }
  if (typeof raw === "boolean") return { kind: "text", text: raw ? "yes" : "no" }
  if (typeof raw === "string") return ofText(raw)
  if (Array.isArray(raw)) return ofList(raw)
  return ofObject(raw as Record<string, unknown>)
}

function ofText(text: string): Value {
  if (/^https?:\/\/\S+$/.test(text)) return { kind: "link", href: text }
  return text.includes("\n") ? { kind: "code", text } : { kind: "text", text }
}

function ofList(raw: readonly unknown[]): Value {
  const rows = raw.filter((each): each is Record<string, unknown> => isPlain(each))
  if (rows.length === raw.length && rows.length > 0) {
    const head = [...new Set(rows.flatMap((each) => Object.keys(each)))]
    return {
      kind: "table",
      head,
      rows: rows.slice(0, MOST_ROWS).map((row) => head.map((each) => written(row[each]))),
      more: Math.max(0, rows.length - MOST_ROWS),
    }
  }
  return { kind: "text", text: raw.map(written).join(", ") || "none" }
}

function ofObject(raw: Record<string, unknown>): Value {
  const data = typeof raw.data === "string" ? raw.data : ""
  switch (raw.type) {
    case "image":
      return PICTURES.has(String(raw.media))
        ? { kind: "image", source: `data:${String(raw.media)};base64,${data}` }
        : { kind: "text", text: `a picture (${String(raw.media)})` }
    case "markdown":
    case "repr":
      return { kind: "code", text: data }
    case "html":
      return { kind: "page", size: data.length }
    case "path":
      return { kind: "code", text: String(raw.path) }
    case "omitted":
      return {
        kind: "text",
        text: `${String(raw.class)} of ${written(raw.bytes)} bytes: too large to be kept`,
      }
    default: {
      const entries = Object.entries(raw)
      if (entries.length === 0) return { kind: "text", text: "none" }
      return {
        kind: "table",
        head: ["name", "value"],
        rows: entries.slice(0, MOST_ROWS).map(([key, value]) => [key, written(value)]),
        more: Math.max(0, entries.length - MOST_ROWS),
      }
    }
  }
}

function isPlain(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value)
}

function written(value: unknown): string {
  if (value === null || value === undefined) return ""
  if (typeof value === "number") return value.toLocaleString("en-GB", { maximumFractionDigits: 6 })
  return typeof value === "string" ? value : JSON.stringify(value)
}
