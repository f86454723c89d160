/** Applying what was looked at: the plan is kept and carried out as it is, unless it has moved since one looked. */
import { useMutation, useQueryClient } from "@tanstack/react-query"
import { http, type Schema } from "@/api/client"
import { type Ask, inFull, type Outline, sameSteps } from "./plan-words"

export interface Options {
  readonly priority?: number
  readonly concurrency?: number | null
  readonly slices?: number | null
}

/** What came of it: an execution, or, where the plan is another one by now, how many steps it has. */
export type Applied =
  | { readonly execution: Schema["ExecutionView"]; readonly moved?: undefined }
  | { readonly execution?: undefined; readonly moved: number }

async function apply(ask: Ask, shown: Outline, options: Options): Promise<Applied> {
  const { data: saved } = await http.POST("/api/v1/plans", { body: inFull(ask) })
  if (saved === undefined) throw new Error("The server answered without a plan.")
  if (saved.steps !== shown.count) return { moved: saved.steps }
  const { data: kept } = await http.GET("/api/v1/plans/{id}/outline", { params: { path: { id: saved.id } } })
  if (kept !== undefined && !sameSteps(shown, kept)) return { moved: saved.steps }
  const { data: execution } = await http.POST("/api/v1/plans/{id}/apply", {
    params: { path: { id: saved.id } },
    body: {
      priority: options.priority ?? 0,
      concurrency: options.concurrency ?? null,
      keep_going: ask.keep_going ?? null,
      slices: options.slices ?? null,
      what_holds: false,
    },
  })
  if (execution === undefined) throw new Error("The server answered without an execution.")
  return { execution }
}

/** Applies the plan that is shown. Nothing runs where it is another one by now: then it is shown anew. */
export function useApply(ask: Ask, onApplied: (execution: Schema["ExecutionView"]) => void) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: ({ plan, options = {} }: { plan: Outline; options?: Options }) => apply(ask, plan, options),
    meta: { quiet: true },
    onSuccess: (found) => {
      if (found.execution) onApplied(found.execution)
      else void client.invalidateQueries({ queryKey: ["post", "/api/v1/plans/outline"] })
    },
  })
}
