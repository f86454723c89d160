import { useNavigate } from "@tanstack/react-router"
import { useMemo } from "react"
import { api } from "@/api/client"
import { openLaunch } from "@/parts/launch/state"
import { askOfRun } from "@/parts/plan-words"
import { useMay } from "@/shell/door"
import { comparePath, planPath } from "@/shell/links"
import { isLive, type Run } from "./state"

export interface Action {
  readonly id: string
  readonly title: string
  readonly keys?: string
  readonly run: () => void
  /** Why it cannot be done now; "" where it can. */
  readonly refused: string
  readonly danger?: boolean
}

/** What can be done with a run: for its buttons and menu, and as commands. */
export function useActions(run: Run): { actions: readonly Action[]; before: string | null } {
  const may = useMay("operator")
  const navigate = useNavigate()
  const path = useMemo(() => ({ path: { id: run.id } }), [run.id])
  const { mutate: cancel } = api.useMutation("post", "/api/v1/runs/{id}/cancel")
  const { mutate: resume } = api.useMutation("post", "/api/v1/runs/{id}/resume")
  const { mutate: prioritise } = api.useMutation("put", "/api/v1/runs/{id}/priority")
  const earlier = api.useQuery(
    "get",
    "/api/v1/runs",
    { params: { query: { pipeline: run.pipeline, until: run.created_at, limit: 1 } } },
    { enabled: run.pipeline !== null && !run.rerun_of },
  )
  const before = run.rerun_of ?? earlier.data?.items[0]?.id ?? null
  const live = isLive(run)
  const { id, phase, failed, outcome, pipeline, priority, selection } = run
  const actions = useMemo((): readonly Action[] => {
    const role = may ? "" : "This asks for the role operator."
    const ended = live ? "It has not ended yet." : ""
    const found: Action[] = []
    if (live)
      found.push({
        id: "cancel",
        title: phase === "cancelling" ? "Cancel at once" : "Cancel",
        keys: "x",
        refused: role,
        danger: true,
        run: () => cancel({ params: path, body: { reason: "" } }),
      })
    if (live && phase !== "queued")
      found.push({
        id: "resume",
        title: "Go on with it",
        refused: role || (phase === "running" ? "It is under way." : ""),
        run: () => resume({ params: path, body: { value: null, key: null } }),
      })
    if (["queued", "waiting", "created", "scheduled"].includes(phase))
      for (const [name, by] of [
        ["First in the queue", 100],
        ["Last in the queue", -100],
      ] as const)
        found.push({
          id: `priority ${by}`,
          title: name,
          refused: role,
          run: () =>
            prioritise({
              params: path,
              body: { priority: Math.max(-1000, Math.min(1000, (priority ?? 0) + by)) },
            }),
        })
    if (pipeline !== null) {
      if (failed > 0 || (outcome !== null && outcome !== "succeeded"))
        found.push({
          id: "rerun-failed",
          title: "Re-run from what failed…",
          keys: "f",
          refused: role || ended,
          run: () => openLaunch({ rerunOf: id, mode: "failed" }),
        })
      found.push({
        id: "rerun",
        title: "Re-run…",
        keys: "r",
        refused: role || ended,
        run: () => openLaunch({ rerunOf: id, mode: "all" }),
      })
    }
    if (pipeline === null && selection && !live) {
      const { select, partitions } = askOfRun(selection)
      found.push({
        id: "plan",
        title: outcome === "succeeded" ? "Plan it again" : "Plan what is left",
        keys: "p",
        refused: "",
        run: () =>
          void navigate({
            to: planPath({ ...(select ? { select } : {}), ...(partitions ? { partitions } : {}) }),
          }),
      })
    }
    if (before !== null)
      found.push({
        id: "compare",
        title: run.rerun_of ? "Compare with the run that it repeats" : "Compare with the run before",
        keys: "c",
        refused: "",
        run: () => void navigate({ to: comparePath(before, id) }),
      })
    return found
  }, [
    may,
    live,
    pipeline,
    selection,
    failed,
    outcome,
    id,
    phase,
    priority,
    before,
    run.rerun_of,
    path,
    cancel,
    resume,
    prioritise,
    navigate,
  ])
  return { actions, before }
}
