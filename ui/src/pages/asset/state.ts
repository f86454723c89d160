/** What the page of an asset shows, as its URL says it. */
import type { Schema } from "@/api/client"
import { list, number, oneOf, text } from "@/shell/url-state"

export const TABS = ["overview", "partitions", "history", "versions", "checks", "code", "lineage"] as const
export type Tab = (typeof TABS)[number]

export const FIELDS = {
  tab: oneOf(TABS, "overview"),
  /** What is selected, as text. */
  partitions: text(),
  /** The one partition that is looked at. */
  partition: text(),
  status: list(),
  /** The part of the strip that is shown, as ordinals. */
  from: number(-1),
  to: number(-1),
}

export type Asset = Schema["AssetDetail"]

/**
 * The selection that has exactly this asset, as the API reads it. A bare name would also mean an asset whose key ends
 * with it.
 */
export function selectOf(key: string): string {
  if (/^[\w.-]+(\/[\w.-]+)+$/.test(key)) return key
  return /^[\w.-]+$/.test(key) ? `key:${key}` : `key:"${key.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`
}
