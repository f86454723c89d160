import { Link } from "@tanstack/react-router"
import { api } from "@/api/client"
import { standingOf } from "@/parts/standing"
import { StateMark } from "@/parts/state-mark"
import { assetPath } from "@/shell/links"
import { stateOf } from "@/theme/states"
import classes from "./asset.module.css"
import { type Asset, selectOf } from "./state"

interface NearProps {
  readonly names: readonly string[]
  readonly of: Asset
  readonly most?: number
}

/** Assets that are next to one, each with how it stands. */
export function Near({ names, of, most = 12 }: NearProps) {
  const lineage = useNeighbours(of, 1)
  const nodes = new Map(lineage?.nodes.map((each) => [each.name, each]))
  return (
    <>
      {names.slice(0, most).map((name) => {
        const node = nodes.get(name)
        return (
          <Link key={name} to={assetPath(name)} className={classes.near}>
            <StateMark state={node ? standingOf(node) : "unknown"} label="" />
            <span>{name}</span>
            <span>{node ? standing(node.counts, node.status) : ""}</span>
          </Link>
        )
      })}
      {names.length > most && (
        <Link to={assetPath(of.key, { tab: "lineage" })} className={classes.near}>
          <span />
          <span>{names.length - most} more</span>
        </Link>
      )}
    </>
  )
}

/** The part of the graph around an asset. */
export function useNeighbours(asset: Asset, hops: number) {
  return api.useQuery("get", "/api/v1/lineage", {
    params: { query: { select: selectOf(asset.key), up: hops, down: hops } },
  }).data
}

/** `1 failed, 1,454 fresh`: trouble first, what was never made last. */
export function standing(counts: Readonly<Record<string, number>>, status: string): string {
  const words = Object.entries(counts).filter((each) => each[1] > 0)
  if (words.length <= 1 && (words[0]?.[1] ?? 1) <= 1) return stateOf(status).label
  const order = ["failed", "blocked", "overdue", "stale", "running", "fresh", "missing"]
  return words
    .toSorted((a, b) => order.indexOf(a[0]) - order.indexOf(b[0]))
    .slice(0, 2)
    .map(([word, count]) => `${count.toLocaleString("en-GB")} ${stateOf(word).label}`)
    .join(", ")
}
