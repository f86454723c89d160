import { Link, useNavigate } from "@tanstack/react-router"
import { lazy, Suspense } from "react"
import { api } from "@/api/client"
import { Empty, Skeleton } from "@/parts/empty"
import { Loaded } from "@/parts/loaded"
import { MetadataValues } from "@/parts/metadata-values"
import { Panel, Section } from "@/parts/panel"
import { PartitionStrip } from "@/parts/partition-strip"
import { written } from "@/parts/partition-strip-ranges"
import { StateMark, StateWord } from "@/parts/state-mark"
import { Time } from "@/parts/time"
import { usePicked } from "@/parts/use-picked"
import { assetPath, runPath } from "@/shell/links"
import { useUrlState } from "@/shell/url-state"
import classes from "./asset.module.css"
import { Chains } from "./chain"
import { Legend } from "./legend"
import { Near } from "./near"
import { Recent } from "./recent"
import { type Asset, FIELDS } from "./state"

const LineageGraph = lazy(() => import("./lineage-graph"))

/** What one wants to know first: the partitions at a glance, why it is not fresh, what happened last, what is around. */
export function Overview({ asset }: { asset: Asset }) {
  const said = asset.causes.filter((each) => each.kind !== "missing" && each.kind !== "forced")
  return (
    <>
      {asset.partitions !== null && <Strip asset={asset} />}
      <div className={classes.columns}>
        <div>
          {said.length > 0 && (
            <Section title="Why" note="from what is seen here to where it began">
              <Panel>
                <Chains asset={asset} causes={said} />
              </Panel>
            </Section>
          )}
          <Latest asset={asset} />
          <Recent asset={asset} />
        </div>
        <div>
          <Around asset={asset} />
          <Found asset={asset} />
        </div>
      </div>
      {asset.upstream.length + asset.downstream.length > 0 && (
        <Section title="Lineage" note="two hops around it; double click opens">
          <Panel>
            <Suspense fallback={<Skeleton rows={5} />}>
              <LineageGraph asset={asset} hops={2} height={230} plain />
            </Suspense>
          </Panel>
        </Section>
      )}
    </>
  )
}

function Strip({ asset }: { asset: Asset }) {
  const [shown, set] = useUrlState(FIELDS)
  const navigate = useNavigate()
  const query = api.useQuery("get", "/api/v1/assets/{key}/partitions", {
    params: { path: { key: asset.key } },
  })
  const owner = { kind: "asset", name: asset.key } as const
  const picked = usePicked(owner, query.data?.fingerprint, shown.partitions, (partitions) =>
    // what is selected here is acted on where there is room for it
    set({ partitions, ...(partitions ? { tab: "partitions" as const } : {}) }, { push: true }),
  )
  return (
    <Panel>
      <div className={classes.stripBox}>
        <Loaded query={query} skeleton={<Skeleton rows={2} />}>
          {(strip) => (
            <>
              <PartitionStrip
                owner={owner}
                strip={strip}
                selection={picked.ranges}
                onSelect={(ranges) => picked.draw(written(ranges), ranges)}
                window={shown.from >= 0 ? { start: shown.from, stop: shown.to } : null}
                onWindow={(window) => set({ from: window?.start ?? -1, to: window?.stop ?? -1 })}
              />
              <div className={classes.below}>
                <Legend
                  counts={strip.counts}
                  pressed={[]}
                  onPress={(status) =>
                    void navigate({ to: assetPath(asset.key, { tab: "partitions", status }) })
                  }
                />
                <span className={classes.hint}>drag to select · Ctrl and wheel to zoom</span>
              </div>
            </>
          )}
        </Loaded>
      </div>
    </Panel>
  )
}

/** The newest version, with what it says of itself. */
function Latest({ asset }: { asset: Asset }) {
  const query = api.useQuery("get", "/api/v1/assets/{key}/versions", {
    params: { path: { key: asset.key }, query: { limit: 1 } },
  })
  return (
    <Section title="Last made">
      <Panel>
        <Loaded query={query} skeleton={<Skeleton rows={3} />}>
          {({ items: [last] }) =>
            last ? (
              <>
                <div className={classes.near}>
                  <StateMark state={last.current ? "fresh" : last.state} />
                  <span>
                    {last.partition && <strong>{last.partition} </strong>}
                    <code>{last.version}</code>
                    {last.run && (
                      <>
                        {" by "}
                        <Link to={runPath(last.run)}>run {last.run.slice(0, 8)}</Link>
                      </>
                    )}
                  </span>
                  <Time at={last.at} />
                </div>
                <MetadataValues metadata={last.metadata} />
              </>
            ) : (
              <Empty title="It was never made" command={`weft apply ${asset.key}`}>
                A plan says first what would run.
              </Empty>
            )
          }
        </Loaded>
      </Panel>
    </Section>
  )
}

function Around({ asset }: { asset: Asset }) {
  const none = asset.upstream.length === 0 && asset.downstream.length === 0
  return (
    <Section title="Around it" actions={<Link to={assetPath(asset.key, { tab: "lineage" })}>Lineage</Link>}>
      <Panel>
        {none ? (
          <p className={classes.none}>Nothing above it here, and nothing is made from it.</p>
        ) : (
          <>
            {asset.upstream.length > 0 && <p className={classes.side}>Made from</p>}
            <Near names={asset.upstream} of={asset} />
            {asset.downstream.length > 0 && <p className={classes.side}>Used by</p>}
            <Near names={asset.downstream} of={asset} />
          </>
        )}
        {asset.jobs.length > 0 && (
          <p className={classes.side}>
            In {asset.jobs.length === 1 ? "the job" : "the jobs"} {asset.jobs.join(", ")}
          </p>
        )}
      </Panel>
    </Section>
  )
}

/** How its checks stand: how many partitions failed each. */
function Found({ asset }: { asset: Asset }) {
  const failed = api.useQuery(
    "get",
    "/api/v1/assets/{key}/checks",
    { params: { path: { key: asset.key }, query: { failed: true, limit: 200 } } },
    { enabled: asset.checks.length > 0 },
  )
  if (asset.checks.length === 0) return null
  return (
    <Section title="Checks">
      <Panel>
        {asset.checks.map((check) => {
          const count = failed.data?.items.filter((each) => each.check === check.name).length ?? 0
          const more = failed.data?.next ? "or more " : ""
          return (
            <Link key={check.name} to={assetPath(asset.key, { tab: "checks" })} className={classes.near}>
              <StateMark state={count ? "failed" : "passed"} />
              <span title={check.description}>
                {check.name} {check.blocking && <span className={classes.faint}>blocking</span>}
              </span>
              <span>
                {count ? <StateWord state="failed">{`${count} ${more}failed`}</StateWord> : "none failed"}
              </span>
            </Link>
          )
        })}
      </Panel>
    </Section>
  )
}
