/** What the catalog shows, as it is in its URL, and the rows and selections that follow from it. */
import type { Schema } from "@/api/client"
import { allOf, term } from "@/parts/selection-terms"
import { list, oneOf, text } from "@/shell/url-state"

export const FACETS = ["status", "group", "owner", "kind", "tag", "location"] as const
export type Facet = (typeof FACETS)[number]

export const fields = {
  select: text(),
  status: list(),
  group: list(),
  owner: list(),
  kind: list(),
  tag: list(),
  location: list(),
  order: oneOf(["group", "key", "status", "made"], "group"),
  /** Groups of which only the head is shown. */
  closed: list(),
}

export type Filters = Readonly<Record<Facet, readonly string[]>> & { readonly select: string }
export type Asset = Schema["AssetView"]

export type Row =
  | { readonly kind: "group"; readonly name: string; readonly count: number | null; readonly closed: boolean }
  | { readonly kind: "asset"; readonly asset: Asset }

/** The filters as the API takes them; without those that are not set. */
export function asked(filters: Filters): Partial<Record<Facet, string[]>> & { select?: string } {
  const given = FACETS.flatMap((facet) =>
    filters[facet].length > 0 ? [[facet, [...filters[facet]]] as const] : [],
  )
  return { ...Object.fromEntries(given), ...(filters.select ? { select: filters.select } : {}) }
}

/** Whether anything is filtered. */
export function isFiltered(filters: Filters): boolean {
  return filters.select !== "" || FACETS.some((facet) => filters[facet].length > 0)
}

/** What is selected without the groups that are closed: their rows are not asked for. */
export function withoutClosed(select: string, closed: readonly string[]): string {
  return closed.length > 0 ? allOf([select, `not ${term("group", closed)}`]) : select
}

/** All that the filters leave, as a selection; null where the language cannot say it. */
export function selectionOf(filters: Filters): string | null {
  if (filters.location.length > 0) return null
  const parts = (["status", "group", "owner", "kind", "tag"] as const).map((facet) =>
    term(facet, filters[facet]),
  )
  return allOf([filters.select, ...parts]) || "*"
}

/** Assets under the heads of their groups. `assets` come in the order of groups; closed ones have only a head. */
export function rowsOf(
  assets: readonly Asset[],
  counts: ReadonlyMap<string, number>,
  closed: readonly string[],
  complete: boolean,
): Row[] {
  const rows: Row[] = []
  const heads = closed.filter((each) => counts.has(each)).sort(byCode)
  const head = (name: string, shut: boolean): Row => ({
    kind: "group",
    name,
    count: counts.get(name) ?? null,
    closed: shut,
  })
  let group: string | null = null
  let next = 0
  for (const asset of assets) {
    if (asset.group !== group) {
      group = asset.group
      while (next < heads.length && byCode(heads[next] as string, group) < 0) {
        rows.push(head(heads[next] as string, true))
        next += 1
      }
      rows.push(head(group, false))
    }
    rows.push({ kind: "asset", asset })
  }
  // those behind the last asset come when it is certain that none is between
  if (complete) for (; next < heads.length; next += 1) rows.push(head(heads[next] as string, true))
  return rows
}

/** As the server orders texts: by code points. */
function byCode(a: string, b: string): number {
  const [left, right] = [[...a], [...b]]
  for (let at = 0; at < Math.min(left.length, right.length); at += 1) {
    const by = (left[at]?.codePointAt(0) ?? 0) - (right[at]?.codePointAt(0) ?? 0)
    if (by !== 0) return by
  }
  return left.length - right.length
}

export function toggled(values: readonly string[], value: string): readonly string[] {
  return values.includes(value) ? values.filter((each) => each !== value) : [...values, value]
}
