/** The API's answer as the cloth needs it, and a patch of it as something to plan. */
import type { Schema } from "@/api/client"
import { threadsOf, timeOf } from "./patch"
import type { Cell, Cloth, Line, Patch, Stitch } from "./types"

export function clothOf(answer: Schema["ClothView"]): Cloth {
  return {
    since: Date.parse(answer.since),
    until: Date.parse(answer.until),
    columns: answer.columns,
    threads: answer.rows.map((row) => ({
      key: row.key,
      kind: row.kind,
      group: row.group,
      system: row.system,
      status: row.status,
      owners: row.owners,
      cells: row.cells as unknown as Cell[],
      stitches: (row.stitches as unknown as Stitch[] | null) ?? null,
    })),
  }
}

/** What is planned for a patch: its assets, and the partitions of its time. */
export function selectionOf(
  cloth: Cloth,
  patch: Patch,
  lines: readonly Line[],
): { select: string; partitions?: string } {
  const assets = threadsOf(lines, patch).filter((thread) => thread.kind === "asset")
  const { since, until } = timeOf(cloth, cloth.columns, patch)
  const day = (at: number) => new Date(at).toISOString().slice(0, 10)
  const first = day(since)
  const last = day(Math.max(since, until - 1))
  return {
    select: assets.map((thread) => thread.key).join(" or "),
    partitions: first === last ? first : `${first}..${last}`,
  }
}
