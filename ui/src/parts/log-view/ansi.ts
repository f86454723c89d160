/** Colours of terminals in log lines, as spans with classes; everything else that terminals obey is left out. */

export interface Span {
  readonly text: string
  /** Names of classes: `fg1`, `bg4`, `bold`, `dim`, `italic`, `underline`. */
  readonly classes: readonly string[]
}

interface Style {
  fg: number | null
  bg: number | null
  bold: boolean
  dim: boolean
  italic: boolean
  underline: boolean
}

const PLAIN: Style = { fg: null, bg: null, bold: false, dim: false, italic: false, underline: false }
/** ESC [ … letter; ESC ] … BEL or ESC \ (titles, links); ESC and one sign. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the signs that terminals obey
const SEQUENCE = /\x1b(?:\[([0-9;:?<=>]*)[ -/]*([@-~])|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\^_])/g
// biome-ignore lint/suspicious/noControlCharactersInRegex: as above
const OTHERS = /[\x00-\x08\x0b-\x1f\x7f]/g

/** The text without any of it. */
export function stripAnsi(text: string): string {
  return afterReturn(text).replace(SEQUENCE, "").replace(OTHERS, "")
}

/** A line as spans. */
export function readAnsi(line: string): Span[] {
  const text = afterReturn(line)
  // biome-ignore lint/suspicious/noControlCharactersInRegex: as above
  if (!/[\x00-\x1f\x7f]/.test(text)) return text === "" ? [] : [{ text, classes: [] }]
  const found: Span[] = []
  let style = PLAIN
  let at = 0
  const push = (to: number) => {
    const part = text.slice(at, to).replace(OTHERS, "")
    if (part === "") return
    const classes = classesOf(style)
    const last = found.at(-1)
    if (last && last.classes.join() === classes.join())
      found[found.length - 1] = { text: last.text + part, classes }
    else found.push({ text: part, classes })
  }
  for (const match of text.matchAll(SEQUENCE)) {
    push(match.index)
    at = match.index + match[0].length
    if (match[2] === "m") style = styled(style, match[1] ?? "")
  }
  push(text.length)
  return found
}

/** A progress bar writes over its line: what stands there at the end is what comes after its last return. */
function afterReturn(line: string): string {
  if (!line.includes("\r")) return line
  return line.replace(/\r+$/, "").split("\r").at(-1) ?? ""
}

function classesOf(style: Style): string[] {
  const found: string[] = []
  if (style.fg !== null) found.push(`fg${style.fg}`)
  if (style.bg !== null) found.push(`bg${style.bg}`)
  for (const name of ["bold", "dim", "italic", "underline"] as const) if (style[name]) found.push(name)
  return found
}

function styled(before: Style, parameters: string): Style {
  const codes = (parameters === "" ? "0" : parameters).split(/[;:]/).map((each) => Number(each || 0))
  const style = { ...before }
  for (let at = 0; at < codes.length; at += 1) {
    const code = codes[at] as number
    if (code === 0) Object.assign(style, PLAIN)
    else if (code === 1) style.bold = true
    else if (code === 2) style.dim = true
    else if (code === 3) style.italic = true
    else if (code === 4) style.underline = true
    else if (code === 22) style.bold = style.dim = false
    else if (code === 23) style.italic = false
    else if (code === 24) style.underline = false
    else if (code >= 30 && code <= 37) style.fg = code - 30
    else if (code === 39) style.fg = null
    else if (code >= 40 && code <= 47) style.bg = code - 40
    else if (code === 49) style.bg = null
    else if (code >= 90 && code <= 97) style.fg = code - 82
    else if (code >= 100 && code <= 107) style.bg = code - 92
    else if (code === 38 || code === 48) {
      const [colour, used] = extended(codes, at + 1)
      if (code === 38) style.fg = colour
      else style.bg = colour
      at += used
    }
  }
  return style
}

/** A colour of the 256, or of the 16 million, as the nearest of the 16; and how many codes it took. */
function extended(codes: readonly number[], at: number): [number | null, number] {
  if (codes[at] === 5) {
    const index = codes[at + 1] ?? 0
    if (index < 16) return [index, 2]
    if (index >= 232) return [index < 244 ? 8 : 7, 2]
    const cube = index - 16
    const level = (part: number) => (part ? 55 + 40 * part : 0)
    return [nearest(level(Math.floor(cube / 36)), level(Math.floor(cube / 6) % 6), level(cube % 6)), 2]
  }
  if (codes[at] === 2) return [nearest(codes[at + 1] ?? 0, codes[at + 2] ?? 0, codes[at + 3] ?? 0), 4]
  return [null, 0]
}

function nearest(red: number, green: number, blue: number): number {
  const most = Math.max(red, green, blue)
  if (most < 48) return 0
  const bits = (red > most * 0.6 ? 1 : 0) + (green > most * 0.6 ? 2 : 0) + (blue > most * 0.6 ? 4 : 0)
  return bits === 7 ? (most > 200 ? 15 : most > 120 ? 7 : 8) : most > 200 ? bits + 8 : bits
}

const URLS = /\bhttps?:\/\/[^\s<>"'`]+/g

/** Where links are in a text: `[start, end]`; punctuation at the end of a sentence is not part of one. */
export function urlsIn(text: string): Array<readonly [number, number]> {
  if (!text.includes("://")) return []
  return [...text.matchAll(URLS)].map((match) => {
    let url = match[0].replace(/[.,;:!?]+$/, "")
    for (const [open, close] of ["()", "[]", "{}"].map((pair) => [pair[0] ?? "", pair[1] ?? ""] as const))
      while (url.endsWith(close) && url.split(close).length > url.split(open).length) url = url.slice(0, -1)
    return [match.index, match.index + url.length] as const
  })
}
