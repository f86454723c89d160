/**
 * The runs of a pipeline with the states of their steps, newest first, paged backwards.
 *
 * The newest page is asked for again whenever something changes. Older pages stay as they were read, since finished runs
 * never reopen; if one of the runs in them does change (one that took very long), they are read anew.
 */
import { useCallback, useEffect, useMemo, useRef, useState } from "react"
import { api, http, type Schema } from "@/api/client"
import { onChange } from "@/api/live"
import type { Run } from "./cells"

interface Older {
  readonly runs: readonly Run[]
  readonly cursor: string | null
}

/** So many cells are asked for at once, about. */
const CELLS = 20_000

export function pageSize(steps: number): number {
  return Math.max(10, Math.min(100, Math.floor(CELLS / Math.max(1, steps))))
}

export function useGrid(name: string, steps: number) {
  const limit = pageSize(steps)
  const head = api.useQuery("get", "/api/v1/pipelines/{name}/grid", {
    params: { path: { name }, query: { limit } },
  })
  const [older, setOlder] = useState<Older | null>(null)
  const [loading, setLoading] = useState(false)
  const before = useRef<Schema["GridPage"] | undefined>(undefined)

  useEffect(() => {
    const page = head.data
    const last = before.current
    before.current = page
    if (page === undefined || last === undefined || page === last) return
    // what newer runs have pushed out of the newest page goes on to the older ones
    const known = new Set(page.items.map((each) => each.run.id))
    const dropped = last.items.filter((each) => !known.has(each.run.id))
    if (dropped.length === 0) return
    const hasGap = dropped.length === last.items.length
    setOlder((now) => (now === null || hasGap ? null : { ...now, runs: [...dropped, ...now.runs] }))
  }, [head.data])

  useEffect(() => {
    if (older === null) return undefined
    const live = new Set(
      older.runs.filter((each) => each.run.phase !== "finished").map((each) => each.run.id),
    )
    if (live.size === 0) return undefined
    return onChange((change) => {
      if (change.runs?.some((each) => live.has(each))) setOlder(null)
    })
  }, [older])

  const cursor = older === null ? (head.data?.next ?? null) : older.cursor
  const more = useCallback(() => {
    if (cursor === null || loading) return
    setLoading(true)
    http
      .GET("/api/v1/pipelines/{name}/grid", { params: { path: { name }, query: { limit, cursor } } })
      .then(({ data }) => {
        if (data) setOlder((now) => ({ runs: [...(now?.runs ?? []), ...data.items], cursor: data.next }))
      })
      .finally(() => setLoading(false))
  }, [cursor, loading, name, limit])

  const runs = useMemo(() => {
    const newest = head.data?.items ?? []
    const known = new Set(newest.map((each) => each.run.id))
    return [...newest, ...(older?.runs.filter((each) => !known.has(each.run.id)) ?? [])]
  }, [head.data, older])
  return { head, runs, hasMore: cursor !== null, loading, more }
}
