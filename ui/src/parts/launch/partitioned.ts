/** Whose partitions a text may name where several assets are made at once, and what completes what is written. */

export interface Partitioned {
  /** The asset whose keys are offered, the last of those that have these partitions. */
  readonly asset: string
  readonly definition: string
  /** How many of the assets have these partitions. */
  readonly count: number
}

/** The kinds of partitions among assets, the most frequent first. */
export function partitionedBy(
  assets: ReadonlyArray<{ readonly key: string; readonly kind: string; readonly partitions: string | null }>,
): readonly Partitioned[] {
  const found = new Map<string, Partitioned>()
  for (const { key, kind, partitions } of assets) {
    if (partitions === null || kind === "external") continue
    const before = found.get(partitions)?.count ?? 0
    found.set(partitions, { asset: key, definition: partitions, count: before + 1 })
  }
  return [...found.values()].toSorted((a, b) => b.count - a.count)
}

/** Of a text of partitions what stands before the key that is being written last, and what of that key is there. */
function taken(text: string): readonly [head: string, tail: string] {
  const [, head = "", tail = ""] = /^(.*(?:,\s*|\.\.))?(.*)$/s.exec(text) ?? []
  return [head, tail.trim()]
}

/** The part of a key that is being written. */
export function soughtIn(text: string): string {
  return taken(text)[1]
}

/** What may be written: of a list or a range the key that is being written last is completed. */
export function offered(text: string, keys: readonly string[], most = 8): readonly string[] {
  const [head, tail] = taken(text)
  const sought = tail.toLowerCase()
  const found = new Set(keys.filter((each) => each.toLowerCase().includes(sought) && each !== tail))
  return [...found].slice(0, most).map((each) => `${head}${each}`)
}
