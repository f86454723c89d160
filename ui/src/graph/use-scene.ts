import { useEffect, useMemo, useRef, useState } from "react"
import { arrange, type Layout } from "./arrange"
import { asked, repainted, type Scene, sceneOf } from "./scene"
import type { GraphEdge, Item } from "./types"

/** So few items are laid out at once: to ask the worker would take longer. */
const AT_ONCE = 120

interface Answer {
  readonly number: number
  readonly layout: Layout
  readonly took: number
}

let worker: Worker | null = null
let count = 0
const waiting = new Map<number, (answer: Answer) => void>()

/** Let the worker begin, so that a large graph need not wait for it. */
export function warm(): Worker {
  if (worker === null) {
    worker = new Worker(new URL("./layout.worker.ts", import.meta.url), { type: "module" })
    worker.onmessage = ({ data }: MessageEvent<Answer>) => {
      waiting.get(data.number)?.(data)
      waiting.delete(data.number)
    }
  }
  return worker
}

function post(request: Parameters<typeof arrange>[0], heard: (answer: Answer) => void): () => void {
  count += 1
  const number = count
  waiting.set(number, heard)
  warm().postMessage({ number, request })
  return () => waiting.delete(number)
}

/** Says whether two graphs have the same shape, so that a layout of the one serves for the other. */
function shape(items: readonly Item[], edges: readonly GraphEdge[], frames: boolean): string {
  const parts = items.map((item) => `${item.id}\u0001${frames ? (item.group ?? "") : ""}`)
  return `${frames}\u0002${parts.join("\u0003")}\u0002${edges.map((edge) => `${edge.from}\u0001${edge.to}`).join("\u0003")}`
}

/**
 * The graph with a layout; null before the first one. While a new layout is made the old one is shown; where only
 * states changed it is kept. `took` is what the layout took, in milliseconds.
 */
export function useScene(
  items: readonly Item[],
  edges: readonly GraphEdge[],
  frames: boolean,
): { scene: Scene | null; took: number } {
  const [laid, setLaid] = useState<{ scene: Scene; shape: string; took: number } | null>(null)
  const last = useRef<{ scene: Scene; shape: string } | null>(null)
  const now = useMemo(() => shape(items, edges, frames), [items, edges, frames])
  const latest = useRef({ items, edges, frames })
  latest.current = { items, edges, frames }
  useEffect(() => {
    if (last.current?.shape === now) return undefined
    const given = latest.current
    const question = asked(given.items, given.edges, given.frames, last.current?.scene ?? null)
    const take = (layout: Layout, took: number) => {
      const scene = sceneOf(question, layout)
      last.current = { scene, shape: now }
      setLaid({ scene, shape: now, took })
    }
    if (given.items.length <= AT_ONCE) {
      const start = performance.now()
      const layout = arrange(question.request)
      take(layout, performance.now() - start)
      return undefined
    }
    return post(question.request, (answer) => take(answer.layout, answer.took))
  }, [now])
  const scene = useMemo(() => {
    if (laid === null) return null
    return laid.shape === now && laid.scene.items !== items ? repainted(laid.scene, items) : laid.scene
  }, [laid, items, now])
  return { scene, took: laid?.took ?? 0 }
}
