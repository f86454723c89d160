import { useMemo } from "react"
import { api } from "@/api/client"
import { useMay } from "@/shell/door"

export interface Pauses {
  readonly may: boolean
  /** The id of a schedule that is being paused or resumed now. */
  readonly busy: string | null
  readonly set: (id: string, paused: boolean) => void
}

/** Pausing and resuming the schedules of pipelines. */
export function usePauses(): Pauses {
  const may = useMay("operator")
  const pause = api.useMutation("post", "/api/v1/automations/{id}/pause")
  const resume = api.useMutation("post", "/api/v1/automations/{id}/resume")
  const busy = [pause, resume].find((each) => each.isPending)?.variables?.params.path.id ?? null
  const [begin, end] = [pause.mutate, resume.mutate]
  return useMemo(
    () => ({
      may,
      busy,
      set: (id, paused) =>
        paused
          ? begin({ params: { path: { id } }, body: { reason: "" } })
          : end({ params: { path: { id } } }),
    }),
    [may, busy, begin, end],
  )
}
