/** How an asset stands, and why, in one sentence: the headline of its page. */
import { chain, happened, subjectOf, telling } from "@/parts/plan-words"
import type { Asset } from "./state"

export interface Health {
  readonly status: string
  /** `1 of 16,350 partitions failed`. */
  readonly what: string
  /** The cause that tells most, and where it began. */
  readonly cause: Asset["causes"][number] | null
  readonly others: number
}

const SAYS: Readonly<Record<string, readonly [one: string, many: string]>> = {
  failed: ["failed", "failed"],
  blocked: ["is held back", "are held back"],
  stale: ["is stale", "are stale"],
  overdue: ["is overdue", "are overdue"],
  running: ["is being made", "are being made"],
  missing: ["was never made", "were never made"],
  fresh: ["is fresh", "are fresh"],
}

/** Trouble goes before what is only not there yet: a list says "missing", the headline says what is wrong. */
const FIRST = ["failed", "blocked", "overdue", "stale", "running", "fresh", "missing"]

export function healthOf(asset: Pick<Asset, "key" | "status" | "counts" | "causes" | "partitions">): Health {
  const total = Object.values(asset.counts).reduce((sum, each) => sum + each, 0)
  const present = FIRST.filter((word) => (asset.counts[word] ?? 0) > 0)
  const status = present[0] ?? asset.status
  const causes = telling(asset.causes.filter((each) => fits(each.kind, status)))
  const cause = causes[0] ?? null
  return { status, what: sentence(asset, status, total), cause, others: Math.max(0, causes.length - 1) }
}

function fits(kind: string, status: string): boolean {
  switch (status) {
    case "failed":
      return kind === "failed" || kind === "check_failed"
    case "blocked":
      return kind === "blocked" || kind === "check_failed"
    case "stale":
      return ["code_changed", "data_changed", "dependency_changed", "upstream"].includes(kind)
    case "fresh":
    case "missing":
      return false
    default:
      return kind === status
  }
}

function sentence(asset: Pick<Asset, "counts" | "partitions">, status: string, total: number): string {
  const [one, many] = SAYS[status] ?? [status, status]
  if (asset.partitions === null) return capital(one.replace(/^(is|was) /, ""))
  const count = asset.counts[status] ?? 0
  if (total === 0) return "No partition exists yet"
  if (count === total)
    return total === 1 ? `Its one partition ${one}` : `All ${spell(total)} partitions ${many}`
  const told = `${spell(count)} of ${spell(total)} partitions ${count === 1 ? one : many}`
  const never = asset.counts.missing ?? 0
  return status === "fresh" && count + never === total ? `${told}, the others were never made` : told
}

function spell(count: number): string {
  return count.toLocaleString("en-GB")
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}

/** The chain of a cause in one line, for titles: from what is seen to where it began. */
export function chainWords(cause: Asset["causes"][number]): string {
  return chain(cause)
    .map((each) => `${subjectOf(each)} ${happened(each)}`)
    .join(", because ")
}
