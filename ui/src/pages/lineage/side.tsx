import { ActionIcon, Button, Tooltip } from "@mantine/core"
import { Link } from "@tanstack/react-router"
import { Crosshair, X } from "lucide-react"
import { api } from "@/api/client"
import { healthOf } from "@/pages/asset/health"
import { openLaunch } from "@/parts/launch/state"
import { Loaded } from "@/parts/loaded"
import { happened, subjectOf } from "@/parts/plan-words"
import { standingOf } from "@/parts/standing"
import { StateWord } from "@/parts/state-mark"
import { StripBar } from "@/parts/strip-bar"
import { Time } from "@/parts/time"
import { useMay } from "@/shell/door"
import { assetPath, pipelinePath, planPath } from "@/shell/links"
import { runState } from "@/theme/states"
import classes from "./lineage.module.css"

interface SideProps {
  /** What is selected, in the order in which it was. */
  readonly ids: readonly string[]
  readonly planned: string
  readonly onFocus: (name: string) => void
  readonly onOpen: (id: string) => void
  readonly onClose: () => void
}

/** Beside the graph: what is selected, how it stands and why, and what can be done with it. */
export function Side({ ids, planned, onFocus, onOpen, onClose }: SideProps) {
  const id = ids.at(-1) as string
  const name = id.slice(id.indexOf(":") + 1)
  const asset = id.startsWith("asset:")
  const may = useMay("operator")
  return (
    <aside className={classes.side} aria-label="What is selected">
      <header>
        <h2>
          <Link to={asset ? assetPath(name) : pipelinePath(name)}>{name}</Link>
        </h2>
        <ActionIcon size="sm" onClick={onClose} aria-label="Close">
          <X size={14} />
        </ActionIcon>
      </header>
      {asset ? <AssetSide key={name} name={name} /> : <PipelineSide key={name} name={name} />}
      <div className={classes.buttons}>
        <Button variant="default" onClick={() => onOpen(id)}>
          Open
        </Button>
        <Button variant="default" component={Link} to={planPath({ select: asset ? planned : name })}>
          {ids.length > 1 ? `Plan all ${ids.length}` : "Plan"}
        </Button>
        <Tooltip label="Asks for the role operator" disabled={may}>
          <Button
            variant="default"
            disabled={!may}
            onClick={() => openLaunch({ kind: asset ? "asset" : "pipeline", name })}
          >
            {asset ? "Materialize…" : "Run…"}
          </Button>
        </Tooltip>
        <Button variant="default" leftSection={<Crosshair size={13} />} onClick={() => onFocus(name)}>
          Focus
        </Button>
      </div>
      {ids.length > 1 && (
        <section>
          <h3>{ids.length} selected</h3>
          <ul className={classes.names}>
            {ids.map((each) => (
              <li key={each}>{each.slice(each.indexOf(":") + 1)}</li>
            ))}
          </ul>
        </section>
      )}
    </aside>
  )
}

function AssetSide({ name }: { name: string }) {
  const query = api.useQuery(
    "get",
    "/api/v1/assets/{key}",
    { params: { path: { key: name } } },
    { placeholderData: undefined },
  )
  return (
    <Loaded query={query}>
      {(asset) => {
        const health = healthOf(asset)
        return (
          <>
            <p>
              <StateWord state={standingOf(asset)}>{health.what}</StateWord>
            </p>
            {health.cause && (
              <p className={classes.why}>
                {subjectOf(health.cause.root ?? health.cause)} {happened(health.cause.root ?? health.cause)}
                {health.others > 0 && `, and ${health.others} more`}
              </p>
            )}
            {asset.strip.length > 0 && (
              <StripBar strip={asset.strip as Array<[string, number]>} counts={asset.counts} />
            )}
            {asset.description && <p className={classes.text}>{asset.description}</p>}
            <dl>
              <Fact name="Last made">
                <Time at={asset.last_success} none="never" />
              </Fact>
              {asset.partitions && <Fact name="Partitions">{asset.partitions}</Fact>}
              {asset.owners.length > 0 && <Fact name="Owners">{asset.owners.join(", ")}</Fact>}
              <Fact name="Group">{asset.group}</Fact>
              {asset.kinds.length > 0 && <Fact name="Kinds">{asset.kinds.join(", ")}</Fact>}
              {asset.location && <Fact name="Location">{asset.location}</Fact>}
              <Fact name="Reads">{asset.upstream.length === 0 ? "nothing" : names(asset.upstream)}</Fact>
              <Fact name="Read by">
                {asset.downstream.length === 0 ? "nothing" : names(asset.downstream)}
              </Fact>
            </dl>
          </>
        )
      }}
    </Loaded>
  )
}

function names(several: readonly string[]): string {
  const shown = several.slice(0, 4).join(", ")
  return several.length > 4 ? `${shown} and ${several.length - 4} more` : shown
}

function PipelineSide({ name }: { name: string }) {
  const query = api.useQuery(
    "get",
    "/api/v1/runs",
    { params: { query: { pipeline: name, limit: 5 } } },
    { placeholderData: undefined },
  )
  return (
    <Loaded query={query}>
      {(page) =>
        page.items.length === 0 ? (
          <p className={classes.why}>It never ran.</p>
        ) : (
          <dl>
            {page.items.map((run) => (
              <Fact key={run.id} name={<Time at={run.created_at} />}>
                <StateWord state={runState(run)} />
              </Fact>
            ))}
          </dl>
        )
      }
    </Loaded>
  )
}

function Fact({ name, children }: { name: React.ReactNode; children: React.ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  )
}
