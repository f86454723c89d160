import { useQueries } from "@tanstack/react-query"
import { api, type Schema } from "@/api/client"

export type Operation = Schema["OperationView"]

/** Milliseconds between two looks at an operation that is under way; it is no event of the log. */
const LOOK = 700

/** Operations that were asked for, as they are now: those that have not ended are looked at again and again. */
export function useOperations(ids: readonly string[]): readonly Operation[] {
  return useQueries({
    queries: ids.map((id) => ({
      ...api.queryOptions("get", "/api/v1/operations/{id}", { params: { path: { id } } }),
      placeholderData: undefined,
      refetchInterval: ({ state }: { state: { data?: unknown } }) =>
        (state.data as Operation | undefined)?.state === "finished" ? (false as const) : LOOK,
    })),
    combine: (results) => results.flatMap(({ data }) => (data ? [data as Operation] : [])),
  })
}
