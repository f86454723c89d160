import { api } from "@/api/client"
import { paging } from "@/api/pages"

/** The attempts of a run with their logs. The page of a run asks for them before its tab is there, when that shows logs. */
export function useAttempts(id: string, partition: string, enabled = true) {
  return api.useInfiniteQuery(
    "get",
    "/api/v1/runs/{id}/logs",
    { params: { path: { id }, query: { limit: 500, ...(partition ? { partition } : {}) } } },
    { ...paging, enabled },
  )
}
