import { SegmentedControl } from "@mantine/core"
import { Link, useNavigate } from "@tanstack/react-router"
import { useMemo, useState } from "react"
import { api } from "@/api/client"
import { FlowGraph } from "@/graph/flow-graph"
import { Skeleton } from "@/parts/empty"
import { Loaded } from "@/parts/loaded"
import { Panel, Section } from "@/parts/panel"
import { StateMark } from "@/parts/state-mark"
import { assetPath, pipelinePath } from "@/shell/links"
import { number, useUrlState } from "@/shell/url-state"
import classes from "./asset.module.css"
import { graphOf, mappingWords, sides } from "./lineage-words"
import { standing } from "./near"
import { type Asset, selectOf } from "./state"

const HOPS = { hops: number(2) }

/** What it is made from and what is made from it: as a graph, and as lists with how each partition is read. */
export default function Lineage({ asset }: { asset: Asset }) {
  const [shown, set] = useUrlState(HOPS)
  const navigate = useNavigate()
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set([`asset:${asset.key}`]))
  const query = api.useQuery("get", "/api/v1/lineage", {
    params: { query: { select: selectOf(asset.key), up: shown.hops, down: shown.hops } },
  })
  const graph = useMemo(() => (query.data ? graphOf(query.data) : null), [query.data])
  const open = (id: string) => {
    const name = id.slice(id.indexOf(":") + 1)
    void navigate({ to: id.startsWith("asset:") ? assetPath(name) : pipelinePath(name) })
  }
  return (
    <>
      <Section
        title="Around it"
        note={query.data?.cut ? `${query.data.cut} more are not shown` : undefined}
        actions={
          <>
            <SegmentedControl
              aria-label="How far around"
              value={String(shown.hops)}
              onChange={(hops) => set({ hops: Number(hops) })}
              data={[
                { value: "1", label: "1 hop" },
                { value: "2", label: "2 hops" },
                { value: "4", label: "4" },
                { value: "100", label: "All" },
              ]}
            />
            <Link to={`/lineage?select=${encodeURIComponent(`+${selectOf(asset.key)}+`)}`}>
              Open in Lineage
            </Link>
          </>
        }
      >
        <Panel>
          <div className={classes.graph}>
            {graph ? (
              <FlowGraph
                nodes={graph.nodes}
                edges={graph.edges}
                label={`What is around ${asset.key}`}
                selected={selected}
                onSelect={(id) => setSelected(new Set(id ? [id] : []))}
                onOpen={open}
                focus={`asset:${asset.key}`}
              />
            ) : (
              <Skeleton rows={6} />
            )}
          </div>
        </Panel>
      </Section>
      <Loaded query={query} skeleton={<Skeleton rows={4} />}>
        {(lineage) => {
          const { above, below } = sides(lineage, asset.key)
          return (
            <div className={classes.columns2}>
              {(
                [
                  ["Made from", above, "Nothing above it here."],
                  ["Used by", below, "Nothing is made from it."],
                ] as const
              ).map(([title, found, none]) => (
                <Section key={title} title={title} note={found.length === 0 ? none : undefined}>
                  {found.length > 0 && (
                    <Panel>
                      {found.map(({ node, mapping, near }) => (
                        <Link
                          key={node.id}
                          to={node.kind === "pipeline" ? pipelinePath(node.name) : assetPath(node.name)}
                          className={classes.near}
                        >
                          <StateMark state={node.status} label="" />
                          <span>
                            {node.name}{" "}
                            <span className={classes.faint}>
                              {near ? mappingWords(mapping) : "further away"}
                            </span>
                          </span>
                          <span>{standing(node.counts, node.status)}</span>
                        </Link>
                      ))}
                    </Panel>
                  )}
                </Section>
              ))}
            </div>
          )
        }}
      </Loaded>
    </>
  )
}
