import { useMemo } from "react"

interface Paged<Item> {
  readonly data: { readonly pages: ReadonlyArray<{ readonly items: readonly Item[] }> } | undefined
  readonly hasNextPage: boolean
  readonly isFetchingNextPage: boolean
  readonly fetchNextPage: () => unknown
}

/**
 * The rows of a list that comes in pages, and how to get more of them, as Table takes it:
 *
 *     const query = api.useInfiniteQuery("get", "/api/v1/runs", { params: { query } }, paging)
 *     const { rows, more } = useRows(query)
 */
export function useRows<Item>(query: Paged<Item>): { rows: readonly Item[]; more: (() => void) | undefined } {
  const { data, hasNextPage, isFetchingNextPage, fetchNextPage } = query
  const rows = useMemo(() => data?.pages.flatMap((page) => page.items) ?? [], [data])
  const more = hasNextPage && !isFetchingNextPage ? () => void fetchNextPage() : undefined
  return { rows, more }
}

/**
 * How the API's lists go on: the cursor of the next page is in the one before. The first has none, by null: for
 * undefined openapi-react-query would send 0.
 */
export const paging = {
  pageParamName: "cursor",
  initialPageParam: null as string | null,
  getNextPageParam: (page: unknown) => (page as { next?: string | null }).next ?? undefined,
}
