/** The API's answer as the cloth needs it, and a patch of it as something to plan. */
import { http, type Schema } from "@/api/client"
import { threadsOf, timeOf } from "./patch"
import type { Cell, Cloth, Line, Patch, Stitch } from "./types"

export function clothOf(answer: Schema["ClothView"]): Cloth {
  return {
    since: Date.parse(answer.since),
    until: Date.parse(answer.until),
    columns: answer.columns,
    threads: answer.items.map((row) => ({
      key: row.key,
      kind: row.kind,
      group: row.group,
      system: row.system,
      status: row.status,
      owners: row.owners,
      cells: row.cells as unknown as Cell[],
      stitches: row.stitches.length > 0 ? (row.stitches as unknown as Stitch[]) : null,
    })),
  }
}

/** Most assets whose partitions are asked for one by one; beyond, the days of the patch are planned. */
const ONE_BY_ONE = 40

/** What is planned for a patch: its assets, each with its partitions of that time. */
export async function selectionOf(
  cloth: Cloth,
  patch: Patch,
  lines: readonly Line[],
): Promise<{ select: string; partitions?: string }> {
  const assets = threadsOf(lines, patch).filter((thread) => thread.kind === "asset")
  const { since, until } = timeOf(cloth, cloth.columns, patch)
  const select = assets.map((thread) => `key:"${thread.key}"`).join(" or ")
  if (assets.length > ONE_BY_ONE) return { select, partitions: daysOf(since, until) }
  const found = await Promise.all(
    assets.map((thread) =>
      http.GET("/api/v1/cloth/stitch", {
        params: { query: { key: thread.key, ...writtenSpan(since, until) } },
      }),
    ),
  )
  const parts = found.map((each, at) => `${assets[at]?.key}[${each.data?.partitions ?? ""}]`)
  return { select, partitions: parts.join("; ") }
}

/** A span as the API takes it. */
export function writtenSpan(since: number, until: number): { since: string; until: string } {
  return { since: new Date(since).toISOString(), until: new Date(until).toISOString() }
}

function daysOf(since: number, until: number): string {
  const day = (at: number) => new Date(at).toISOString().slice(0, 10)
  const first = day(since)
  const last = day(Math.max(since, until - 1))
  return first === last ? first : `${first}..${last}`
}
