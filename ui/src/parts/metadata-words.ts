/** What a value of metadata is, and so how it is shown. It comes from users' code: text, never markup. */

export type Value =
  | { readonly kind: "hidden" }
  | { readonly kind: "number"; readonly number: number }
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "code"; readonly text: string }
  | { readonly kind: "link"; readonly href: string }
  | { readonly kind: "image"; readonly source: string }
  | { readonly kind: "markdown"; readonly text: string }
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
      return { kind: "markdown", text: data }
    case "repr":
      return { kind: "code", text: data }
    case "html":
      return { kind: "code", text: textOfHtml(data) }
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

const NAMED: Readonly<Record<string, string>> = {
  amp: "&",
  lt: "<",
  gt: ">",
  quot: '"',
  apos: "'",
  nbsp: " ",
}

/** What a page says, as text: rows as lines, cells apart. It is shown as text, so that nothing of it is ever run. */
export function textOfHtml(html: string): string {
  return html
    .replace(/<!--[\s\S]*?-->|<(script|style|head)\b[\s\S]*?<\/\1\s*>/gi, "")
    .replace(/\s+/g, " ")
    .replace(/\s*<\/t[dh]\s*>\s*/gi, "\t")
    .replace(/\s*(<br\b[^>]*>|<\/(tr|p|div|li|h[1-6]|pre|caption)\s*>)\s*/gi, "\n")
    .replace(/<[^>]*>/g, "")
    .replace(/&(?:#(\d+)|#x([\da-f]+)|(\w+));/gi, (whole, decimal, hex, name) => {
      const code = decimal ? Number(decimal) : hex ? Number.parseInt(hex, 16) : null
      if (code === null) return NAMED[String(name).toLowerCase()] ?? whole
      return code <= 0x10ffff ? String.fromCodePoint(code) : whole
    })
    .split("\n")
    .map((line) => line.replace(/^ +|[ \t]+$/g, ""))
    .join("\n")
    .replace(/\n{2,}/g, "\n\n")
    .trim()
}

function isPlain(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value)
}

function written(value: unknown): string {
  if (value === null || value === undefined) return ""
  if (typeof value === "number") return value.toLocaleString("en-GB", { maximumFractionDigits: 6 })
  return typeof value === "string" ? value : JSON.stringify(value)
}
