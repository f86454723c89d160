/** The diff of a pipeline's code, function by function. */
export interface Patch {
  readonly name: string
  readonly patch: string
}

/** A unified diff of several functions as one for each; a heading is `--- name (version)` before `+++`. */
export function patchesOf(diff: string): Patch[] {
  const lines = diff.split("\n")
  const found: Array<{ name: string; lines: string[] }> = []
  for (const [index, line] of lines.entries()) {
    // a removed line can begin with dashes too, but the next one is then no head
    const isHead = line.startsWith("--- ") && (lines[index + 1] ?? "").startsWith("+++ ")
    if (isHead) found.push({ name: line.slice(4).replace(/ \([^()]*\)\s*$/, ""), lines: [] })
    found.at(-1)?.lines.push(line)
  }
  return found.map(({ name, lines: own }) => ({ name, patch: own.join("\n") }))
}
