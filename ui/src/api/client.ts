import { MutationCache, QueryClient } from "@tanstack/react-query"
import createFetch, { type Middleware } from "openapi-fetch"
import createQueries from "openapi-react-query"
import { given } from "./ahead"
import { basePath } from "./base"
import { once } from "./once"
import { asProblem, Problem, type ProblemBody } from "./problem"
import type { components, paths } from "./schema"
import { learnTime } from "./server-time"

/** The API's own types, by their names there: `Schema["RunView"]`. */
export type Schema = components["schemas"]

const refusals: Middleware = {
  async onResponse({ response }) {
    learnTime(response.headers.get("date"))
    if (response.ok) return undefined
    if (response.status === 401) window.dispatchEvent(new Event("weft:signed-out"))
    let body: ProblemBody = {}
    if (response.headers.get("content-type")?.includes("json")) body = (await response.json()) as ProblemBody
    throw new Problem(response.status, body)
  },
}

/** Calls that are typed by the OpenAPI: `await http.POST("/api/v1/plans/preview", { body })`. Refusals are thrown. */
export const http = createFetch<paths>({
  baseUrl: basePath(),
  fetch: once(given((request) => fetch(request))),
})
http.use(refusals)

/** Queries and mutations over them: `api.useQuery("get", "/api/v1/now")`. */
export const api = createQueries(http)

/** A path of the API as a URL of this installation, for links, images and streams. */
export function apiUrl(path: string, query: Record<string, string | number | undefined> = {}): string {
  const given = Object.entries(query).filter((each) => each[1] !== undefined)
  const search = new URLSearchParams(given.map(([name, value]) => [name, String(value)]))
  return `${basePath()}/api/v1${path}${given.length ? `?${search}` : ""}`
}

export function createQueryClient(onFailure: (problem: Problem) => void): QueryClient {
  return new QueryClient({
    mutationCache: new MutationCache({
      onError: (error, _variables, _result, mutation) => {
        // a dialog that shows its refusal itself says so; that nobody is logged in the whole page says
        const problem = asProblem(error)
        if (!mutation.meta?.quiet && problem.status !== 401) onFailure(problem)
      },
    }),
    defaultOptions: {
      queries: {
        // what is shown is made true by live.ts; asking again at each look would only be slower
        staleTime: 10_000,
        gcTime: 5 * 60_000,
        refetchOnWindowFocus: false,
        retry: (count, error) => count < 3 && [0, 502, 503, 504].includes(asProblem(error).status),
        retryDelay: (count) => Math.min(4000, 300 * 2 ** count),
        // the last truth is shown until the next one is there
        placeholderData: (before: unknown) => before,
      },
    },
  })
}
