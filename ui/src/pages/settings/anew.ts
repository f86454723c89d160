import { useQueryClient } from "@tanstack/react-query"
import { useCallback } from "react"

/** Asks for a list again, at once: after one's own change nobody should wait for the stream to tell it. */
export function useAnew(path: string): () => void {
  const client = useQueryClient()
  return useCallback(
    () => void client.invalidateQueries({ predicate: ({ queryKey }) => queryKey[1] === path }),
    [client, path],
  )
}
