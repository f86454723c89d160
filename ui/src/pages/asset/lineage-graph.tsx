import { useNavigate } from "@tanstack/react-router"
import { useMemo, useState } from "react"
import { api } from "@/api/client"
import { FlowGraph } from "@/graph/flow-graph"
import type { useCamera } from "@/graph/use-camera"
import { Skeleton } from "@/parts/empty"
import { assetPath, pipelinePath } from "@/shell/links"
import { graphOf } from "./lineage-words"
import { type Asset, selectOf } from "./state"

interface LineageGraphProps {
  readonly asset: Asset
  readonly hops: number
  readonly height: number
  readonly plain?: boolean
  /** As `useCamera` gives it, where the URL keeps what is seen. */
  readonly camera?: ReturnType<typeof useCamera>
}

/** What is around an asset, as a graph. */
export default function LineageGraph({ asset, hops, height, plain = false, camera }: LineageGraphProps) {
  const navigate = useNavigate()
  const here = `asset:${asset.key}`
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set([here]))
  const query = api.useQuery("get", "/api/v1/lineage", {
    params: { query: { select: selectOf(asset.key), up: hops, down: hops } },
  })
  const graph = useMemo(() => (query.data ? graphOf(query.data) : null), [query.data])
  return (
    <div style={{ height }}>
      {graph ? (
        <FlowGraph
          nodes={graph.nodes}
          edges={graph.edges}
          label={`What is around ${asset.key}`}
          selected={selected}
          onSelect={(id) => setSelected(new Set(id ? [id] : []))}
          onOpen={(id) => {
            const name = id.slice(id.indexOf(":") + 1)
            void navigate({ to: id.startsWith("asset:") ? assetPath(name) : pipelinePath(name) })
          }}
          focus={here}
          plain={plain}
          {...(camera ? { place: camera[0], onPlace: camera[1] } : {})}
        />
      ) : (
        <Skeleton rows={5} />
      )}
    </div>
  )
}
