import { useQueryClient } from "@tanstack/react-query"
import { useCallback } from "react"

const SHOWN = ["/api/v1/incidents", "/api/v1/silences", "/api/v1/alerts"]

/** Asks for incidents, silences and rules again at once: nobody waits for the stream to tell what they did themselves. */
export function useAnew(): () => void {
  const client = useQueryClient()
  return useCallback(
    () =>
      void client.invalidateQueries({
        predicate: ({ queryKey }) => SHOWN.some((each) => String(queryKey[1]).startsWith(each)),
      }),
    [client],
  )
}
