import { useMemo } from "react"
import { api } from "@/api/client"
import { FlowGraph } from "@/graph/flow-graph"
import type { GraphEdge, GraphNode } from "@/graph/types"
import { useCamera } from "@/graph/use-camera"
import { duration } from "@/parts/clock"
import { Empty } from "@/parts/empty"
import { type Line, linesOf, shortName, worstOf } from "@/parts/gantt/model"
import { Loaded } from "@/parts/loaded"
import classes from "./run.module.css"
import { isLive, type TabProps } from "./state"
import { StepPanel } from "./step-panel"
import { useAbove } from "./use-timeline"

/** The steps of the run as a graph: as it is declared, or, of a flow, in the order in which they were called. */
export default function GraphTab({ run, state, set }: TabProps) {
  const timeline = api.useQuery("get", "/api/v1/runs/{id}/timeline", { params: { path: { id: run.id } } })
  const graph = api.useQuery(
    "get",
    "/api/v1/pipelines/{name}/graph",
    { params: { path: { name: run.pipeline ?? "" } } },
    { retry: false },
  )
  const above = useAbove(run)
  const view = timeline.data
  const lines = useMemo(
    () =>
      view ? linesOf({ timeline: view, opened: new Set(), rows: new Map(), children: new Map(), above }) : [],
    [view, above],
  )
  const declared = graph.data
  const picture = useMemo(() => {
    const byStep = new Map(view?.steps.map((each) => [each.step, each]))
    const full = (task: string) => (task.includes(":") ? task : `${run.pipeline}:${task}`)
    const nodes: GraphNode[] = []
    const edges: GraphEdge[] = []
    const ended = !isLive(run)
    const node = (id: string, name: string, group: string, chips: string[]) => {
      const step = byStep.get(id)
      nodes.push({
        id,
        name,
        group,
        shape: "round",
        state: step ? worstOf(step.states) : ended ? "skipped" : "created",
        ...(step ? {} : { stateWords: ended ? "did not run" : "not yet" }),
        chips:
          step && step.count > 1
            ? [...chips.filter((each) => each !== "mapped"), `× ${step.count.toLocaleString("en")}`]
            : chips,
        note: step
          ? [duration(step.seconds), step.attempts > step.count ? `${step.attempts} attempts` : ""]
              .filter(Boolean)
              .join(" · ")
          : "",
        ...(step && step.count > 1 ? { counts: step.states } : {}),
      })
    }
    for (const each of declared?.nodes ?? [])
      node(
        full(each.task),
        each.label || (each.task.split(".").at(-1) ?? each.task),
        each.group,
        [each.operator === "python" ? "" : each.operator, each.mapped ? "mapped" : ""].filter(Boolean),
      )
    const mapped = new Set(declared?.nodes.filter((each) => each.mapped).map((each) => each.task))
    for (const each of declared?.edges ?? [])
      edges.push({
        from: full(each.from),
        to: full(each.to),
        // what a step is mapped over is a value too
        dashed: !each.value && !mapped.has(each.to),
        ...(each.label ? { label: each.label } : {}),
      })
    if (nodes.length === 0) {
      // a flow has no graph before it runs: what began after another had ended stands behind it
      const called = lines.filter((each) => each.begun !== null)
      called.forEach((line, at) => {
        if (line.kind === "run")
          nodes.push({
            id: line.id,
            name: line.label,
            shape: "round",
            state: line.state,
            chips: ["flow"],
            note: line.note,
          })
        else node(line.step, shortName(line.step), "", [])
        const before = called
          .slice(0, at)
          .filter((each) => each.ended !== null && each.ended <= (line.begun ?? 0))
        const latest = Math.max(...before.map((each) => each.begun ?? 0))
        for (const each of before.filter(
          (one) => (one.ended ?? 0) >= latest && (one.begun ?? 0) >= latest - 1,
        ))
          edges.push({
            from: each.kind === "run" ? each.id : each.step,
            to: line.kind === "run" ? line.id : line.step,
            dashed: true,
          })
      })
    }
    return { nodes, edges }
  }, [declared, view, lines, run])
  const [camera, keepCamera] = useCamera()
  const chosen: Line | undefined = lines.find((each) => each.id === state.step)
  const selected = useMemo(() => new Set(state.step ? [state.step] : []), [state.step])
  return (
    <div className={classes.split}>
      <div className={classes.main}>
        <Loaded query={timeline}>
          {() =>
            picture.nodes.length === 0 ? (
              <Empty title="No step has begun yet.">The graph of a flow is known by what it calls.</Empty>
            ) : (
              <div className={classes.grow}>
                <FlowGraph
                  nodes={picture.nodes}
                  edges={picture.edges}
                  label={`Steps of ${run.pipeline}`}
                  selected={selected}
                  onSelect={(id) => set({ step: id ?? "" })}
                  place={camera}
                  onPlace={keepCamera}
                />
              </div>
            )
          }
        </Loaded>
      </div>
      {chosen && (
        <StepPanel
          run={run}
          line={chosen}
          set={set}
          onClose={() => set({ step: "" })}
          onToggle={(line) => set({ tab: "timeline", open: [...state.open, line.id] }, { push: true })}
        />
      )}
    </div>
  )
}
