/** The graph as cards of the DOM, by React Flow: where fewer than 300 nodes are shown. Positions and lines are ours. */
import "@xyflow/react/dist/base.css"
import {
  type Node,
  type NodeProps,
  ReactFlow,
  ReactFlowProvider,
  useReactFlow,
  useStore,
  ViewportPortal,
} from "@xyflow/react"
import { type KeyboardEvent, memo, useCallback, useEffect, useMemo, useRef, useState } from "react"
import { stateOf } from "@/theme/states"
import type { Camera } from "./camera"
import type { ViewProps } from "./canvas-view"
import { Card } from "./card"
import cards from "./cards.module.css"
import { lookOf } from "./change"
import { ChangeFigure } from "./change-mark"
import { Controls } from "./controls"
import classes from "./graph.module.css"
import { cameraAt } from "./place"
import { type Direction, reach, type Scene, step } from "./scene"
import type { GraphEdge, Item } from "./types"
import { useKept } from "./use-kept"

type CardNode = Node<{ item: Item; quiet: boolean }, "card">

const ARROWS: Readonly<Record<string, Direction>> = {
  ArrowLeft: "left",
  ArrowRight: "right",
  ArrowUp: "up",
  ArrowDown: "down",
}

const CardBody = memo(function CardBody({ data }: NodeProps<CardNode>) {
  // in steps, so that cards are not drawn anew with every turn of the wheel
  const zoom = useStore(({ transform: [, , zoom] }) => (zoom < 1 ? Math.floor(zoom * 20) / 20 : 1))
  return <Card item={data.item} quiet={data.quiet} zoom={zoom} />
})

const NODES = { card: CardBody }
/** The whole graph; with room for the buttons where there are some. */
const BARE = { maxZoom: 1, padding: 0.06 } as const
const FITTED = { maxZoom: 1, padding: { x: "48px", y: 0.06 } } as const

export default function CardsView(props: ViewProps) {
  return (
    <ReactFlowProvider>
      <Cards {...props} />
    </ReactFlowProvider>
  )
}

function Cards(props: ViewProps) {
  const { scene, selected, focus, found, label, place } = props
  const { onSelect, onOpen, onFold, plain, onDrawn, onPlace, layoutTook } = props
  const flow = useReactFlow<CardNode>()
  const box = useRef<HTMLDivElement>(null)
  const [pointed, setPointed] = useState<number | null>(null)
  const reached = useMemo(
    () => (pointed === null || pointed >= scene.items.length ? null : reach(scene, [pointed])),
    [scene, pointed],
  )
  const nodes = useMemo<CardNode[]>(
    () =>
      scene.items.map((item, at) => ({
        id: item.id,
        type: "card",
        position: { x: scene.layout.x[at] as number, y: scene.layout.y[at] as number },
        width: scene.width[at] as number,
        height: scene.height[at] as number,
        data: { item, quiet: found !== null ? !found.has(at) : reached !== null && !reached.items.has(at) },
        selected: selected.has(at),
        ariaLabel: spoken(item),
      })),
    [scene, selected, reached, found],
  )
  const paths = useMemo(() => scene.edges.map((_, at) => pathOf(scene, at)), [scene])
  const all = useCallback(
    () => void flow.fitView({ ...(plain ? BARE : FITTED), duration: calm() ? 0 : 220 }),
    [flow, plain],
  )
  const middle = useCallback(
    (at: number) =>
      void flow.setCenter(
        (scene.layout.x[at] as number) + (scene.width[at] as number) / 2,
        (scene.layout.y[at] as number) + (scene.height[at] as number) / 2,
        { zoom: Math.max(flow.getZoom(), 0.7), duration: calm() ? 0 : 220 },
      ),
    [flow, scene],
  )
  const size = useCallback(() => {
    const { clientWidth: width = 0, clientHeight: height = 0 } = box.current ?? {}
    return width > 0 && height > 0 ? { width, height } : null
  }, [])
  const see = useCallback(
    ({ x, y, zoom }: Camera) => void flow.setViewport({ x: -x * zoom, y: -y * zoom, zoom }),
    [flow],
  )
  const eye = {
    camera: () => {
      const { x, y, zoom } = flow.getViewport()
      return { x: -x / zoom, y: -y / zoom, zoom }
    },
    size,
    go: see,
    home: () => (focus === null ? all() : middle(focus)),
  }
  const middled = focus === null ? undefined : scene.items[focus]?.id
  const kept = useKept({ scene, place, onPlace, eye, focus: middled, fits: true })
  const [begun] = useState(() => cameraAt(scene, place, { width: 1, height: 1 }) !== null)
  const showAll = () => {
    all()
    // with a node in focus that one is where the view is at home
    if (focus === null) kept.sentHome()
    else kept.moved()
  }
  const nearer = (factor: number) => {
    void flow.zoomTo(flow.getZoom() * factor)
    kept.moved()
  }
  useEffect(() => {
    const place = box.current
    if (place === null) return undefined
    let first = true
    const resized = new ResizeObserver(() => {
      if (!first) kept.resized()
      first = false
    })
    resized.observe(place)
    return () => resized.disconnect()
  }, [kept.resized])
  const [start] = useState(() => performance.now())
  const shown = useRef(scene)
  useEffect(() => {
    if (shown.current === scene) return
    shown.current = scene
    // numbers of nodes mean others in another scene
    setPointed(null)
  }, [scene])
  const open = (id: string) => {
    const item = scene.items[scene.index.get(id) ?? -1]
    if (item?.folds !== undefined) onFold?.(item.folds, false)
    else onOpen?.(id)
  }
  const onKeyDown = (event: KeyboardEvent) => {
    const id = (event.target as HTMLElement).closest<HTMLElement>(".react-flow__node")?.dataset.id
    const at = id === undefined ? undefined : scene.index.get(id)
    if (event.metaKey || event.ctrlKey || event.altKey) return
    const direction = ARROWS[event.key]
    if (direction) {
      const next = step(scene, at ?? null, direction)
      if (next !== null) {
        const element = [...(box.current?.querySelectorAll<HTMLElement>(".react-flow__node") ?? [])].find(
          (each) => each.dataset.id === scene.items[next]?.id,
        )
        element?.focus({ preventScroll: true })
        setPointed(next)
        kept.moved()
      }
    } else if (event.key === "Enter" && id !== undefined) open(id)
    else if (event.key === " " && id !== undefined) onSelect?.(id, event.shiftKey)
    else if (event.key === "+" || event.key === "=") nearer(1.5)
    else if (event.key === "-") nearer(1 / 1.5)
    else if (event.key === "0") showAll()
    else if (event.key === "Escape" && selected.size > 0) onSelect?.(null, false)
    else return
    event.preventDefault()
    event.stopPropagation()
  }
  return (
    <div
      className={`${classes.view} ${cards.view}`}
      ref={box}
      onKeyDownCapture={onKeyDown}
      role="group"
      aria-label={label}
    >
      <ReactFlow
        nodes={nodes}
        nodeTypes={NODES}
        fitView={!begun}
        fitViewOptions={plain ? BARE : FITTED}
        onInit={() => {
          const window = size()
          const camera = begun && window ? kept.first(window) : null
          if (camera) see(camera)
          requestAnimationFrame(() => onDrawn?.({ layout: layoutTook, draw: performance.now() - start }))
        }}
        onMoveEnd={(event) => {
          // what the page did itself has no event
          if (event) kept.moved()
        }}
        minZoom={0.05}
        maxZoom={2}
        nodesDraggable={false}
        nodesConnectable={false}
        elementsSelectable={false}
        nodesFocusable
        zoomOnDoubleClick={false}
        onlyRenderVisibleElements={scene.items.length > 80}
        onNodeClick={(event, node) => onSelect?.(node.id, event.shiftKey || event.ctrlKey || event.metaKey)}
        onNodeDoubleClick={(_, node) => open(node.id)}
        onPaneClick={() => onSelect?.(null, false)}
        onNodeMouseEnter={(_, node) => setPointed(scene.index.get(node.id) ?? null)}
        onNodeMouseLeave={() => setPointed(null)}
        attributionPosition="top-right"
      >
        <ViewportPortal>
          <Frames scene={scene} onFold={onFold} />
          {scene.layout.blocks.map((block) => (
            <div
              key={`${block.x} ${block.y}`}
              className={cards.block}
              style={{
                transform: `translate(${block.x}px, ${block.y}px)`,
                width: block.width,
                height: block.height,
              }}
            />
          ))}
          <svg
            className={cards.lines}
            width={scene.layout.width}
            height={scene.layout.height}
            aria-hidden="true"
          >
            {scene.edges.map((edge, at) => (
              <path
                key={`${edge.from} ${edge.to}`}
                d={paths[at]}
                className={cards.line}
                data-lit={reached?.edges.has(at) || undefined}
                data-quiet={found !== null || (reached !== null && !reached.edges.has(at)) || undefined}
                data-dashed={edge.dashed || undefined}
                data-change={edge.change}
              />
            ))}
            <EdgeMarks scene={scene} />
          </svg>
        </ViewportPortal>
      </ReactFlow>
      {!plain && <Controls onIn={() => nearer(1.5)} onOut={() => nearer(1 / 1.5)} onAll={showAll} />}
    </div>
  )
}

/** Around the items of each open group, with its name, which a click folds. */
function Frames({ scene, onFold }: Pick<ViewProps, "scene" | "onFold">) {
  const zoom = useStore(({ transform }) => (transform[2] < 0.8 ? Math.round(transform[2] * 20) / 20 : 1))
  const letters = Math.min(48, 12.5 / Math.max(0.1, zoom))
  return scene.frames.map((frame) => (
    <div
      key={frame.group}
      className={cards.frame}
      data-above={letters > 18 || undefined}
      style={{
        transform: `translate(${frame.x}px, ${frame.y}px)`,
        width: frame.width,
        height: frame.height,
        fontSize: letters,
      }}
    >
      {onFold ? (
        <button type="button" onClick={() => onFold(frame.group, true)} title="Fold this group">
          {frame.group}
        </button>
      ) : (
        <span>{frame.group}</span>
      )}
    </div>
  ))
}

function spoken({ name, state, change, note }: Item): string {
  return [name, change ? lookOf(change).word : state && stateOf(state).label, note].filter(Boolean).join(", ")
}

function calm(): boolean {
  return matchMedia("(prefers-reduced-motion: reduce)").matches
}

/** On each edge that differs between two versions, the sign of how, near its end. */
function EdgeMarks({ scene }: { scene: Scene }) {
  const { segments, parts, starts } = scene.layout
  return scene.differing.map((edge) => {
    const { change = "same", from, to } = scene.edges[edge] as GraphEdge
    const last = parts[(starts[edge + 1] as number) - 1]
    if (last === undefined) return null
    const [x1, y1, x2, y2] = segments.subarray(last * 4, last * 4 + 4) as unknown as Segment
    return (
      <g key={`${from} ${to}`} transform={`translate(${(x1 + x2) / 2 - 6}, ${(y1 + y2) / 2 - 6})`}>
        <ChangeFigure {...lookOf(change)} />
      </g>
    )
  })
}

type Segment = [x1: number, y1: number, x2: number, y2: number]

/** An edge's line through its segments, as a path of SVG. */
export function pathOf({ layout: { segments, starts, parts } }: Scene, edge: number): string {
  let path = ""
  for (let at = starts[edge] as number; at < (starts[edge + 1] as number); at += 1) {
    const first = (parts[at] as number) * 4
    const [x1, y1, x2, y2] = [...segments.subarray(first, first + 4)] as [number, number, number, number]
    const middle = (x1 + x2) / 2
    path += `${path ? "L" : "M"}${x1} ${y1}`
    path += Math.abs(y1 - y2) < 0.5 ? `L${x2} ${y2}` : `C${middle} ${y1} ${middle} ${y2} ${x2} ${y2}`
  }
  return path || "M0 0"
}
