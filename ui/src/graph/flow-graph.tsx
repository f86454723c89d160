/**
 * A graph from left to right: of assets, of a pipeline's tasks, of the steps of a plan.
 *
 * It fills its place, which must have a height. Cards of the DOM below 300 nodes, a canvas above; both look and are used
 * alike: drag to pan, wheel to zoom, a click selects (with Shift one more), a double click or Enter opens, arrows walk.
 */
import { type ComponentType, useCallback, useEffect, useMemo, useState } from "react"
import type { ViewProps } from "./canvas-view"
import { fold, groupsOf } from "./fold"
import classes from "./graph.module.css"
import type { FlowGraphProps } from "./types"
import { useScene, warm } from "./use-scene"

type View = ComponentType<ViewProps>
type Kind = "cards" | "canvas"

const loading: Readonly<Record<Kind, () => Promise<{ default: View }>>> = {
  cards: () => import("./cards-view"),
  canvas: () => import("./canvas-view"),
}
const views: Partial<Record<Kind, View>> = {}

async function load(kind: Kind): Promise<void> {
  views[kind] ??= (await loading[kind]()).default
}

/** Begin to load what a large graph needs, for a page that is about to show one. */
export function prepare(): void {
  warm()
  // a failure is met again, and told, where the view is needed
  load("canvas").catch(() => undefined)
}

/** The view, or null until it is loaded. Without Suspense, which holds back what comes after a fallback by 300 ms. */
function useView(kind: Kind): View | null {
  const [, setLoaded] = useState(0)
  const [failed, setFailed] = useState<{ error: unknown } | null>(null)
  const known = views[kind]
  useEffect(() => {
    if (known) return undefined
    let wanted = true
    load(kind).then(
      () => wanted && setLoaded((count) => count + 1),
      (error: unknown) => wanted && setFailed({ error }),
    )
    return () => {
      wanted = false
    }
  }, [kind, known])
  if (failed) throw failed.error
  return known ?? null
}

/** From so many items on the canvas draws them. */
const MANY = 300
const NONE: ReadonlySet<string> = new Set()

export function FlowGraph(props: FlowGraphProps) {
  const {
    nodes,
    edges,
    folded = NONE,
    selected = NONE,
    focus = null,
    search = "",
    renderer = "auto",
    place = "",
  } = props
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
  // the view is loaded while the layout is made
  const many = (scene?.items ?? shown.items).length >= MANY
  const View = useView(renderer === "auto" ? (many ? "canvas" : "cards") : renderer)
  const [isDrawn, setDrawn] = useState(false)
  const { onDrawn } = props
  const drawn = useCallback(
    (times: { layout: number; draw: number }) => {
      setDrawn(true)
      onDrawn?.(times)
    },
    [onDrawn],
  )
  return (
    <div className={classes.graph} aria-busy={!isDrawn || undefined}>
      {scene && View && (
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
          onDrawn={drawn}
          place={place}
          onPlace={props.onPlace}
        />
      )}
    </div>
  )
}
