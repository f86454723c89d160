import { useMemo } from "react"
import { api } from "@/api/client"
import { useMay } from "@/shell/door"

export interface Pauses {
  readonly may: boolean
  /** A schedule that is being paused or resumed now. */
  readonly busy: string | null
  readonly set: (name: string, paused: boolean) => void
}

/** Pausing and resuming the schedules of pipelines. */
export function usePauses(): Pauses {
  const may = useMay("operator")
  const pause = api.useMutation("post", "/api/v1/schedules/{name}/pause")
  const resume = api.useMutation("post", "/api/v1/schedules/{name}/resume")
  const busy = [pause, resume].find((each) => each.isPending)?.variables?.params.path.name ?? null
  const [begin, end] = [pause.mutate, resume.mutate]
  return useMemo(
    () => ({
      may,
      busy,
      set: (name, paused) =>
        paused
          ? begin({ params: { path: { name } }, body: { reason: "" } })
          : end({ params: { path: { name } } }),
    }),
    [may, busy, begin, end],
  )
}
