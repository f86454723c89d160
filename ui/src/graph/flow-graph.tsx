/**
 * A graph from left to right: of assets, of a pipeline's tasks, of the steps of a plan.
 *
 * It fills its place, which must have a height. Cards of the DOM below 300 nodes, a canvas above; both look and are used
 * alike: drag to pan, wheel to zoom, a click selects (with Shift one more), a double click or Enter opens, arrows walk.
 */
import { lazy, Suspense, useMemo } from "react"
import { fold, groupsOf } from "./fold"
import classes from "./graph.module.css"
import type { FlowGraphProps } from "./types"
import { useScene } from "./use-scene"

const CardsView = lazy(() => import("./cards-view"))
const CanvasView = lazy(() => import("./canvas-view"))

/** From so many items on the canvas draws them. */
const MANY = 300
const NONE: ReadonlySet<string> = new Set()

export function FlowGraph(props: FlowGraphProps) {
  const { nodes, edges, folded = NONE, selected = NONE, focus = null, search = "", renderer = "auto" } = props
  const frames = props.frames ?? groupsOf(nodes).size > 1
  const shown = useMemo(() => fold(nodes, edges, folded), [nodes, edges, folded])
  const { scene, took } = useScene(shown.items, shown.edges, frames)
  const chosen = useMemo(() => {
    const numbers = [...selected].map((id) => scene?.index.get(shown.itemOf.get(id) ?? id))
    return new Set(numbers.filter((each) => each !== undefined))
  }, [selected, scene, shown])
  const found = useMemo(() => {
    const text = search.trim().toLowerCase()
    if (!text || scene === null) return null
    return new Set(scene.items.flatMap((item, at) => (item.name.toLowerCase().includes(text) ? [at] : [])))
  }, [search, scene])
  const View =
    renderer === "canvas" || (renderer === "auto" && (scene?.items.length ?? 0) >= MANY)
      ? CanvasView
      : CardsView
  return (
    <div className={classes.graph} aria-busy={scene === null || undefined}>
      {scene && (
        <Suspense fallback={<span aria-busy="true" />}>
          <View
            scene={scene}
            layoutTook={took}
            selected={chosen}
            found={found}
            focus={focus === null ? null : (scene.index.get(shown.itemOf.get(focus) ?? focus) ?? null)}
            label={props.label}
            onFold={props.onFold}
            onSelect={props.onSelect}
            onOpen={props.onOpen}
            plain={props.plain}
            onDrawn={props.onDrawn}
          />
        </Suspense>
      )}
    </div>
  )
}
