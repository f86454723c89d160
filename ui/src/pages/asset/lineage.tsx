import { SegmentedControl } from "@mantine/core"
import { Link } from "@tanstack/react-router"
import { api } from "@/api/client"
import { useCamera } from "@/graph/use-camera"
import { Skeleton } from "@/parts/empty"
import { Loaded } from "@/parts/loaded"
import { Panel, Section } from "@/parts/panel"
import { standingOf } from "@/parts/standing"
import { StateMark } from "@/parts/state-mark"
import { assetPath, pipelinePath } from "@/shell/links"
import { number, useUrlState } from "@/shell/url-state"
import classes from "./asset.module.css"
import LineageGraph from "./lineage-graph"
import { mappingWords, sides } from "./lineage-words"
import { standing } from "./near"
import { type Asset, selectOf } from "./state"

const HOPS = { hops: number(2, 1, 10) }

/** What it is made from and what is made from it: as a graph, and as lists with how each partition is read. */
export default function Lineage({ asset }: { asset: Asset }) {
  const [shown, set] = useUrlState(HOPS)
  const camera = useCamera()
  const query = api.useQuery("get", "/api/v1/lineage", {
    params: { query: { select: selectOf(asset.key), up: shown.hops, down: shown.hops } },
  })
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
          <LineageGraph asset={asset} hops={shown.hops} height={420} camera={camera} />
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
                          <StateMark state={standingOf(node)} label="" />
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
