/** What differs between two texts, line by line. */

export interface DiffLine {
  readonly kind: "same" | "added" | "removed"
  readonly text: string
  /** Line numbers from 1, where the line is in that text. */
  readonly before?: number
  readonly after?: number
}

/** A stretch of changes with the lines around it; `skipped` lines without changes are left out above it. */
export interface Hunk {
  readonly skipped: number
  readonly lines: readonly DiffLine[]
}

/** Above this many changes the texts have little in common, and the shortest script is not worth its time. */
const MOST_CHANGES = 4000

/** The shortest way from one text to the other (Myers 1986), as lines. */
export function diffLines(before: string, after: string): DiffLine[] {
  const old = linesOf(before)
  const fresh = linesOf(after)
  let head = 0
  while (head < old.length && head < fresh.length && old[head] === fresh[head]) head += 1
  let tail = 0
  while (
    tail < old.length - head &&
    tail < fresh.length - head &&
    old[old.length - 1 - tail] === fresh[fresh.length - 1 - tail]
  )
    tail += 1
  const found: DiffLine[] = []
  const push = (kind: DiffLine["kind"], at: number, to: number) => {
    if (kind === "same") found.push({ kind, text: old[at] as string, before: at + 1, after: to + 1 })
    else if (kind === "removed") found.push({ kind, text: old[at] as string, before: at + 1 })
    else found.push({ kind, text: fresh[to] as string, after: to + 1 })
  }
  for (let at = 0; at < head; at += 1) push("same", at, at)
  for (const [kind, at, to] of script(
    old.slice(head, old.length - tail),
    fresh.slice(head, fresh.length - tail),
  ))
    push(kind, head + at, head + to)
  for (let at = tail; at > 0; at -= 1) push("same", old.length - at, fresh.length - at)
  return found
}

type Step = readonly [kind: DiffLine["kind"], before: number, after: number]

function script(old: readonly string[], fresh: readonly string[]): Step[] {
  const most = Math.min(old.length + fresh.length, MOST_CHANGES)
  const offset = most + 1
  const reach = new Int32Array(2 * most + 3)
  const trail: Int32Array[] = []
  for (let changes = 0; changes <= most; changes += 1) {
    trail.push(reach.slice(offset - changes - 1, offset + changes + 2))
    for (let diagonal = -changes; diagonal <= changes; diagonal += 2) {
      const left = reach[offset + diagonal - 1] ?? 0
      const above = reach[offset + diagonal + 1] ?? 0
      let x = diagonal === -changes || (diagonal !== changes && left < above) ? above : left + 1
      while (x < old.length && x - diagonal < fresh.length && old[x] === fresh[x - diagonal]) x += 1
      reach[offset + diagonal] = x
      if (x >= old.length && x - diagonal >= fresh.length) return walkBack(trail, old.length, fresh.length)
    }
  }
  return [
    ...old.map((_, at): Step => ["removed", at, 0]),
    ...fresh.map((_, at): Step => ["added", old.length, at]),
  ]
}

function walkBack(trail: readonly Int32Array[], oldLength: number, newLength: number): Step[] {
  const found: Step[] = []
  let [x, y] = [oldLength, newLength]
  for (let changes = trail.length - 1; changes >= 0; changes -= 1) {
    const reach = trail[changes] as Int32Array
    const at = (diagonal: number) => reach[diagonal + changes + 1] ?? 0
    const diagonal = x - y
    const down = diagonal === -changes || (diagonal !== changes && at(diagonal - 1) < at(diagonal + 1))
    const from = down ? diagonal + 1 : diagonal - 1
    const beforeX = changes === 0 ? 0 : at(from)
    const beforeY = changes === 0 ? 0 : beforeX - from
    while (x > beforeX && y > beforeY) {
      x -= 1
      y -= 1
      found.push(["same", x, y])
    }
    if (changes === 0) break
    if (down) {
      y -= 1
      found.push(["added", x, y])
    } else {
      x -= 1
      found.push(["removed", x, y])
    }
  }
  return found.reverse()
}

function linesOf(text: string): string[] {
  if (text === "") return []
  const lines = text.split("\n")
  if (lines.at(-1) === "") lines.pop()
  return lines
}

/** The changes with `around` lines of what is around them. */
export function hunksOf(lines: readonly DiffLine[], around = 3): Hunk[] {
  const shown = new Uint8Array(lines.length)
  lines.forEach((line, at) => {
    if (line.kind !== "same") shown.fill(1, Math.max(0, at - around), at + around + 1)
  })
  const found: Array<{ skipped: number; lines: DiffLine[] }> = []
  let skipped = 0
  let open = false
  lines.forEach((line, at) => {
    if (!shown[at]) {
      skipped += 1
      open = false
      return
    }
    if (!open) found.push({ skipped, lines: [] })
    found.at(-1)?.lines.push(line)
    skipped = 0
    open = true
  })
  return found
}

/** A unified diff, as the API gives it, as hunks; the heads of files are left out. */
export function readPatch(patch: string): Hunk[] {
  const found: Array<{ skipped: number; lines: DiffLine[] }> = []
  let [before, after] = [1, 1]
  for (const raw of patch.split("\n")) {
    const head = /^@@ -(\d+)(?:,\d+)? \+(\d+)(?:,\d+)? @@/.exec(raw)
    if (head) {
      const start = Number(head[1])
      found.push({ skipped: Math.max(0, start - before), lines: [] })
      ;[before, after] = [start, Number(head[2])]
      continue
    }
    const hunk = found.at(-1)
    if (hunk === undefined) continue
    const text = raw.slice(1)
    if (raw.startsWith("+")) hunk.lines.push({ kind: "added", text, after: after++ })
    else if (raw.startsWith("-")) hunk.lines.push({ kind: "removed", text, before: before++ })
    else if (raw.startsWith(" ")) hunk.lines.push({ kind: "same", text, before: before++, after: after++ })
  }
  return found
}

/** Lines side by side: what was removed stands beside what was added in its place. */
export function pairsOf(lines: readonly DiffLine[]): Array<readonly [DiffLine | null, DiffLine | null]> {
  const found: Array<readonly [DiffLine | null, DiffLine | null]> = []
  let at = 0
  while (at < lines.length) {
    const line = lines[at] as DiffLine
    if (line.kind === "same") {
      found.push([line, line])
      at += 1
      continue
    }
    const changed: DiffLine[] = []
    while (at < lines.length && lines[at]?.kind !== "same") changed.push(lines[at++] as DiffLine)
    const removed = changed.filter((each) => each.kind === "removed")
    const added = changed.filter((each) => each.kind === "added")
    for (let row = 0; row < Math.max(removed.length, added.length); row += 1)
      found.push([removed[row] ?? null, added[row] ?? null])
  }
  return found
}

export function counted(hunks: readonly Hunk[]): { added: number; removed: number } {
  const lines = hunks.flatMap((each) => each.lines)
  return {
    added: lines.filter((each) => each.kind === "added").length,
    removed: lines.filter((each) => each.kind === "removed").length,
  }
}
