/** The one word with which an asset is shown among others. */

/**
 * Trouble goes before what is only not there yet: most of the partitions of a young asset were never made, and that one
 * of the others failed is what is to be seen.
 */
const FIRST = ["failed", "blocked", "overdue", "stale", "running", "fresh", "missing"] as const

export function standingOf(asset: {
  readonly status: string
  readonly counts: Readonly<Record<string, number>>
  readonly late?: number
}): string {
  const found = FIRST.find((word) => (asset.counts[word] ?? 0) > 0)
  if (asset.late && (found === undefined || FIRST.indexOf(found) > FIRST.indexOf("overdue"))) return "overdue"
  return found ?? asset.status
}

/** `3 stale`, or only the word where there is one partition or none in another state. */
export function standingWords(asset: {
  readonly status: string
  readonly counts: Readonly<Record<string, number>>
  readonly late?: number
}): string {
  const word = standingOf(asset)
  const total = Object.values(asset.counts).reduce((sum, each) => sum + each, 0)
  const count = word === "overdue" ? (asset.late ?? 0) : (asset.counts[word] ?? 0)
  return count > 0 && count < total ? `${count.toLocaleString("en-GB")} ${word}` : word
}
