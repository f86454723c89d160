import { useMemo } from "react"
import { api } from "@/api/client"
import { serverNow } from "@/api/server-time"
import { absolute, useClock } from "@/parts/clock"
import { asked, type Mark, marksOf, pastCut, type Span } from "./timeline-model"

/** As many as one answer has at most. */
const MOST_TICKS = 1000
const MOST_RUNS = 500

/** What was decided and what is due within a span; `cut` says where not all of it is there. */
export function useMarks(
  span: Span,
  now: number,
  schedules: number,
): { marks: readonly Mark[]; cut: string } {
  const { zone } = useClock()
  const { from, to } = asked(span)
  // each has its share, so that those that are due often leave room for those that are due seldom
  const each = Math.max(2, Math.floor(MOST_TICKS / Math.max(1, schedules)))
  const iso = (at: number) => new Date(at).toISOString()
  const history = api.useQuery("get", "/api/v1/schedules/history", {
    params: { query: { limit: MOST_TICKS } },
  })
  const runs = api.useQuery(
    "get",
    "/api/v1/runs",
    { params: { query: { since: iso(from), until: iso(to), limit: MOST_RUNS } } },
    { enabled: from < now },
  )
  const upcoming = api.useQuery(
    "get",
    "/api/v1/schedules/upcoming",
    { params: { query: { until: iso(to), limit: MOST_TICKS, each } } },
    { enabled: to > now },
  )
  const marks = useMemo(
    () =>
      marksOf(
        history.data?.items ?? [],
        runs.data?.items ?? [],
        to > serverNow() ? (upcoming.data?.items ?? []) : [],
      ),
    [history.data, runs.data, upcoming.data, to],
  )
  const past = useMemo(
    () =>
      pastCut(
        { items: history.data?.items ?? [], most: MOST_TICKS },
        { items: runs.data?.items ?? [], most: MOST_RUNS },
        from,
      ),
    [history.data, runs.data, from],
  )
  const coming = useMemo(() => cutOf(upcoming.data?.items ?? [], each), [upcoming.data, each])
  const said = [
    ...(past ? [`before ${absolute(new Date(past), zone, "minute")} not all is shown`] : []),
    coming,
  ]
  return { marks, cut: said.filter(Boolean).join(" · ") }
}

/** Which schedules have more ticks to come than are shown. */
function cutOf(items: ReadonlyArray<{ readonly schedule: string }>, most: number): string {
  const counts = Map.groupBy(items, (tick) => tick.schedule)
  const names = [...counts].filter(([, own]) => own.length >= most).map(([name]) => name)
  if (names.length === 0) return ""
  return `of ${names.length > 2 ? `${names.length} schedules` : names.join(" and ")} only the next ${most} ticks are counted`
}
