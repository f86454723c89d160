import { useMemo } from "react"
import { api, type Schema } from "@/api/client"

export interface Filters {
  readonly q: string
  readonly kind: "" | "dag" | "flow" | "job"
  readonly tag: string
  readonly owner: string
}

/** How many runs of each pipeline are shown, and what figures are over. */
export const RECENT = 20
const PAGE = 100

export function usePipelines({ q, kind, tag, owner }: Filters) {
  const query = api.useInfiniteQuery(
    "get",
    "/api/v1/pipelines",
    {
      params: {
        query: {
          limit: PAGE,
          recent: RECENT,
          q,
          ...(kind ? { kind } : {}),
          ...(tag ? { tag } : {}),
          ...(owner ? { owner } : {}),
        },
      },
    },
    {
      pageParamName: "cursor",
      initialPageParam: null,
      getNextPageParam: (page) => page.next ?? undefined,
    },
  )
  const rows = useMemo(() => query.data?.pages.flatMap((page) => page.items), [query.data])
  return { query, rows }
}

/** The schedules of pipelines, by the pipeline's name. */
export function useSchedules(): ReadonlyMap<string, Schema["ScheduleView"]> {
  const schedules = api.useQuery("get", "/api/v1/schedules", { params: { query: { limit: 500 } } })
  return useMemo(() => new Map(schedules.data?.items.map((each) => [each.name, each])), [schedules.data])
}
