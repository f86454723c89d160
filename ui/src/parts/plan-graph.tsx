import { useRouter } from "@tanstack/react-router"
import { useMemo } from "react"
import type { Schema } from "@/api/client"
import { FlowGraph } from "@/graph/flow-graph"
import type { GraphEdge, GraphNode } from "@/graph/types"
import { useCamera } from "@/graph/use-camera"
import { assetPath, pipelinePath } from "@/shell/links"
import { lineState } from "./plan-execution"
import classes from "./plan-graph.module.css"
import { graphOf, type Kind } from "./plan-graph-model"
import type { Outline } from "./plan-words"

/** The lines of a plan in the order in which they are made: what reads what. */
export function PlanGraph({ plan }: { plan: Outline }) {
  const graph = useMemo(() => graphOf(plan.rows), [plan.rows])
  return <Drawn label="The plan as a graph" {...graph} />
}

/** The lines of an execution, which turn green as they are made. */
export function ExecutionGraph({ rows, live }: { rows: readonly Schema["ProgressRow"][]; live: boolean }) {
  const graph = useMemo(() => {
    const names = new Set(rows.map((row) => row.name))
    return {
      nodes: rows.map(
        (row): GraphNode => ({
          id: row.name,
          name: row.name,
          state: lineState(row, live),
          note: `${(row.succeeded + row.unchanged).toLocaleString("en-GB")} of ${row.total.toLocaleString("en-GB")}`,
          counts: {
            succeeded: row.succeeded,
            reused: row.unchanged,
            failed: row.failed,
            upstream_failed: row.left_out,
            running: row.running,
            waiting: row.left + row.cancelled,
          },
          shape: row.kind === "asset" ? "card" : "round",
        }),
      ),
      edges: rows.flatMap((row) =>
        row.after.filter((name) => names.has(name)).map((from): GraphEdge => ({ from, to: row.name })),
      ),
      kinds: new Map<string, Kind>(rows.map((row) => [row.name, row.kind])),
    }
  }, [rows, live])
  return <Drawn label="The execution as a graph" {...graph} />
}

interface DrawnProps {
  readonly label: string
  readonly nodes: readonly GraphNode[]
  readonly edges: readonly GraphEdge[]
  readonly kinds: ReadonlyMap<string, Kind>
}

function Drawn({ label, nodes, edges, kinds }: DrawnProps) {
  const router = useRouter()
  const [camera, keepCamera] = useCamera()
  const open = (name: string) => {
    const kind = kinds.get(name)
    if (kind === "pipeline") void router.navigate({ to: pipelinePath(name) })
    else if (kind === "asset") void router.navigate({ to: assetPath(name) })
  }
  return (
    <div className={classes.place}>
      <FlowGraph
        label={label}
        nodes={nodes}
        edges={edges}
        onOpen={open}
        frames={false}
        place={camera}
        onPlace={keepCamera}
      />
    </div>
  )
}
