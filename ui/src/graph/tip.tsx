import { StateWord } from "@/parts/state-mark"
import { lookOf } from "./change"
import classes from "./graph.module.css"
import { stripOf } from "./paint"
import type { Scene } from "./scene"

/** What is said of the node under the pointer. */
export function NodeTip({ scene, item, x, y }: { scene: Scene; item: number; x: number; y: number }) {
  const node = scene.items[item]
  if (node === undefined) return null
  const counts = stripOf(node.strip ? { ...node, strip: undefined } : node)
  return (
    <div className={classes.tip} style={{ left: x + 14, top: y + 14 }} aria-hidden="true">
      <strong>{node.name}</strong>
      {node.state && <StateWord state={node.state}>{node.stateWords}</StateWord>}
      {node.change && <span>{node.stateWords ?? lookOf(node.change).word}</span>}
      {counts.length > 1 && (
        <span>{counts.map(([state, count]) => `${count.toLocaleString("en")} ${state}`).join(", ")}</span>
      )}
      {[node.group && !node.folds && `group ${node.group}`, node.note, node.system, ...(node.chips ?? [])]
        .filter(Boolean)
        .map((line) => (
          <span key={String(line)}>{line}</span>
        ))}
      <span className={classes.faint}>
        {scene.into[item]?.length ?? 0} above, {scene.out[item]?.length ?? 0} below
      </span>
    </div>
  )
}
