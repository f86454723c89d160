/** What the address of a plan says: what is planned, and how it is to be applied. */
import type { Ask } from "@/parts/plan-words"
import { flag, number, oneOf, text } from "@/shell/url-state"

export const FIELDS = {
  select: text(),
  partitions: text(),
  force: flag(),
  failed: flag(),
  rebuild: flag(),
  failFast: flag(),
  concurrency: number(0, 0),
  priority: number(0),
  view: oneOf(["list", "graph"], "list"),
}

export interface Fields {
  readonly select: string
  readonly partitions: string
  readonly force: boolean
  readonly failed: boolean
  readonly rebuild: boolean
  readonly failFast: boolean
}

export function askOfFields(fields: Fields): Ask {
  return {
    select: fields.select || null,
    partitions: fields.partitions || null,
    exact: fields.force,
    only_failed: fields.failed,
    rebuild: fields.rebuild,
    ...(fields.failFast ? { keep_going: false } : {}),
  }
}
