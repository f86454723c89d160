/** Markdown as blocks and spans, for artifacts. HTML in it stays text: nothing of what a run wrote is run here. */

export type Inline =
  | { readonly kind: "text" | "code"; readonly text: string }
  | { readonly kind: "strong" | "em" | "strike"; readonly of: readonly Inline[] }
  | { readonly kind: "link"; readonly href: string; readonly of: readonly Inline[] }
  | { readonly kind: "image"; readonly src: string; readonly alt: string }

export type Block =
  | { readonly kind: "heading"; readonly level: number; readonly of: readonly Inline[] }
  | { readonly kind: "paragraph"; readonly of: readonly Inline[] }
  | { readonly kind: "code"; readonly language: string; readonly text: string }
  | { readonly kind: "quote"; readonly of: readonly Block[] }
  | { readonly kind: "list"; readonly ordered: boolean; readonly items: ReadonlyArray<readonly Block[]> }
  | { readonly kind: "table"; readonly head: Row; readonly rows: readonly Row[] }
  | { readonly kind: "rule" }

type Row = ReadonlyArray<readonly Inline[]>

const ITEM = /^(\s*)([-*+]|\d{1,9}[.)])\s+/
const FENCE = /^\s{0,3}(```+|~~~+)\s*(\S*)/
const RULE = /^\s{0,3}([-*_])(?:\s*\1){2,}\s*$/
const HEADING = /^\s{0,3}(#{1,6})\s+(.*?)\s*#*$/
const DIVIDER = /^\s*\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*)*\|?\s*$/

export function readMarkdown(text: string): Block[] {
  return blocksOf(text.replaceAll("\r\n", "\n").split("\n"))
}

function blocksOf(lines: readonly string[]): Block[] {
  const found: Block[] = []
  let at = 0
  const line = (index: number) => lines[index] ?? ""
  while (at < lines.length) {
    const here = line(at)
    const fence = FENCE.exec(here)
    const heading = HEADING.exec(here)
    if (here.trim() === "") at += 1
    else if (fence) {
      const mark = fence[1] ?? "```"
      const inside: string[] = []
      at += 1
      while (at < lines.length && !line(at).trim().startsWith(mark)) inside.push(line(at++))
      at += 1
      found.push({ kind: "code", language: fence[2] ?? "", text: inside.join("\n") })
    } else if (heading) {
      found.push({ kind: "heading", level: heading[1]?.length ?? 1, of: readInline(heading[2] ?? "") })
      at += 1
    } else if (RULE.test(here)) {
      found.push({ kind: "rule" })
      at += 1
    } else if (here.trimStart().startsWith(">")) {
      const inside: string[] = []
      while (line(at).trimStart().startsWith(">")) inside.push(line(at++).replace(/^\s*>\s?/, ""))
      found.push({ kind: "quote", of: blocksOf(inside) })
    } else if (ITEM.test(here)) {
      const [list, next] = listAt(lines, at)
      found.push(list)
      at = next
    } else if (here.includes("|") && DIVIDER.test(line(at + 1)) && line(at + 1).includes("-")) {
      const head = cellsOf(here)
      const rows: Row[] = []
      at += 2
      while (at < lines.length && line(at).includes("|")) rows.push(cellsOf(line(at++)))
      found.push({ kind: "table", head, rows })
    } else {
      const inside: string[] = []
      do inside.push(line(at++).trim())
      while (at < lines.length && !begins(line(at)))
      found.push({ kind: "paragraph", of: readInline(inside.join("\n")) })
    }
  }
  return found
}

/** Whether a line ends the paragraph above it. */
function begins(line: string): boolean {
  return (
    line.trim() === "" ||
    FENCE.test(line) ||
    HEADING.test(line) ||
    RULE.test(line) ||
    ITEM.test(line) ||
    line.trimStart().startsWith(">")
  )
}

function listAt(lines: readonly string[], start: number): [Block, number] {
  const first = ITEM.exec(lines[start] ?? "")
  const indent = first?.[1]?.length ?? 0
  const ordered = /\d/.test(first?.[2] ?? "")
  const items: Block[][] = []
  let at = start
  while (at < lines.length) {
    const match = ITEM.exec(lines[at] ?? "")
    if (!match || (match[1]?.length ?? 0) < indent || /\d/.test(match[2] ?? "") !== ordered) break
    const inside = [(lines[at] ?? "").slice(match[0].length)]
    at += 1
    while (at < lines.length) {
      const next = lines[at] ?? ""
      const own = ITEM.exec(next)
      if (own && (own[1]?.length ?? 0) <= indent) break
      if (
        !own &&
        !/^\s/.test(next) &&
        (next.trim() === "" ? !/^\s+\S/.test(lines[at + 1] ?? "") : begins(next))
      )
        break
      inside.push(next.replace(new RegExp(`^\\s{0,${match[0].length}}`), ""))
      at += 1
    }
    items.push(blocksOf(inside))
    while (at < lines.length && (lines[at] ?? "").trim() === "" && ITEM.test(lines[at + 1] ?? "")) at += 1
  }
  return [{ kind: "list", ordered, items }, at]
}

function cellsOf(line: string): Row {
  return line
    .trim()
    .replace(/^\||\|$/g, "")
    .split(/(?<!\\)\|/)
    .map((cell) => readInline(cell.trim().replaceAll("\\|", "|")))
}

const SPAN =
  /(?<escape>\\[\\`*_{}[\]()#+\-.!|~<>])|(?<code>`+)(?<inside>[^`]|[^`].*?[^`])\k<code>(?!`)|!\[(?<alt>[^\]]*)\]\((?<src>[^\s)]+)[^)]*\)|\[(?<label>[^\]]+)\]\((?<href>[^\s)]+)[^)]*\)|(?<bold>\*\*|__)(?=\S)(?<boldText>.+?)(?<=\S)\k<bold>|(?<em>\*|_)(?=\S)(?<emText>.+?)(?<=\S)\k<em>(?!\w)|~~(?<strike>.+?)~~|<?(?<url>https?:\/\/[^\s<>)]+)>?/s

export function readInline(text: string): Inline[] {
  const found: Inline[] = []
  let rest = text
  const plain = (part: string) => {
    const last = found.at(-1)
    if (part === "") return
    if (last?.kind === "text") found[found.length - 1] = { kind: "text", text: last.text + part }
    else found.push({ kind: "text", text: part })
  }
  while (rest !== "") {
    const match = SPAN.exec(rest)
    if (!match?.groups) break
    plain(rest.slice(0, match.index))
    const { escape: escaped, inside, alt, src, label, href, boldText, emText, strike, url } = match.groups
    if (escaped !== undefined) plain(escaped.slice(1))
    else if (inside !== undefined) found.push({ kind: "code", text: inside.trim() })
    else if (src !== undefined) {
      if (isSafe(src)) found.push({ kind: "image", src, alt: alt ?? "" })
      else plain(match[0])
    } else if (href !== undefined) {
      if (isSafe(href)) found.push({ kind: "link", href, of: readInline(label ?? "") })
      else plain(match[0])
    } else if (boldText !== undefined) found.push({ kind: "strong", of: readInline(boldText) })
    else if (emText !== undefined) found.push({ kind: "em", of: readInline(emText) })
    else if (strike !== undefined) found.push({ kind: "strike", of: readInline(strike) })
    else if (url !== undefined) found.push({ kind: "link", href: url, of: [{ kind: "text", text: url }] })
    rest = rest.slice(match.index + match[0].length)
  }
  plain(rest)
  return found
}

/** Links that a browser may open: never `javascript:` and its like. */
export function isSafe(href: string): boolean {
  return /^(https?:|mailto:)/i.test(href)
}
