import type { ReactNode } from "react"
import { asProblem } from "@/api/problem"
import { Refusal, Skeleton } from "./empty"

interface LoadedProps<T> {
  readonly query: { readonly data: T | undefined; readonly error: unknown; readonly refetch: () => unknown }
  readonly children: (data: T) => ReactNode
  /** What stands there before the first answer. */
  readonly skeleton?: ReactNode
}

/**
 * What a query found. Before its first answer a skeleton; a refusal in its place if there never was one. An answer
 * that could not be renewed stays: it is the last truth, and the bar at the bottom says that the server is away.
 */
export function Loaded<T>({ query, children, skeleton = <Skeleton /> }: LoadedProps<T>) {
  if (query.data !== undefined) return <>{children(query.data)}</>
  if (query.error) return <Refusal problem={asProblem(query.error)} retry={() => void query.refetch()} />
  return <>{skeleton}</>
}
