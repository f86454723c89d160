/** A unified diff in lines, each with what it is: added, taken away, a heading, a place, or as before. */
export interface DiffLine {
  readonly kind: "+" | "-" | "@" | "h" | " "
  readonly text: string
}

export function diffLines(diff: string): DiffLine[] {
  if (diff === "") return []
  return diff.split("\n").flatMap((line): DiffLine[] => {
    if (line.startsWith("+++")) return []
    if (line.startsWith("---")) return [{ kind: "h", text: line.slice(4).replace(/ \([^)]*\)\s*$/, "") }]
    if (line.startsWith("@@")) return [{ kind: "@", text: line }]
    if (line.startsWith("+") || line.startsWith("-")) return [{ kind: line[0] as "+" | "-", text: line }]
    return [{ kind: " ", text: line }]
  })
}
