import { Link } from "@tanstack/react-router"
import { api } from "@/api/client"
import { type Cause, chain, happened, hasPage, telling } from "@/parts/plan-words"
import { StateMark } from "@/parts/state-mark"
import { Time } from "@/parts/time"
import { assetPath, runPath } from "@/shell/links"
import classes from "./chain.module.css"
import type { Asset } from "./state"

const STATES: Readonly<Record<string, string>> = {
  missing: "missing",
  failed: "failed",
  check_failed: "rejected",
  code_changed: "code_changed",
  data_changed: "stale",
  dependency_changed: "stale",
  upstream: "stale",
  overdue: "overdue",
  blocked: "blocked",
  running: "running",
  forced: "waiting",
}

/** Causes, each as a chain whose links can be followed, from what is seen here to where it began. */
export function Chains({ asset, causes }: { asset: Pick<Asset, "key" | "step">; causes: readonly Cause[] }) {
  return (
    <div className={classes.chains}>
      {telling(causes).map((cause) => (
        <Chain
          key={`${cause.kind} ${cause.subject} ${cause.partition} ${cause.detail}`}
          asset={asset}
          cause={cause}
        />
      ))}
    </div>
  )
}

function Chain({ asset, cause }: { asset: Pick<Asset, "key" | "step">; cause: Cause }) {
  const links = chain(cause)
  return (
    <ol className={classes.chain}>
      {links.map((link, place) => (
        <li
          key={`${link.kind} ${link.subject} ${link.partition}`}
          className={`${classes.link} ${place === links.length - 1 ? classes.root : ""}`}
        >
          <StateMark state={STATES[link.kind] ?? "stale"} label="" />
          <span className={classes.text}>
            <Subject owner={links[place - 1]?.subject ?? asset.key} cause={link} /> {told(link)}
            {place === links.length - 1 && links.length > 1 && (
              <span className={classes.tag}>it began here</span>
            )}
          </span>
          <Where cause={link} step={link.step ?? (link.subject === asset.key ? asset.step : null)} />
        </li>
      ))}
    </ol>
  )
}

/** What a link is about; changed code is that of the asset before it. */
function Subject({ owner, cause }: { owner: string; cause: Cause }) {
  if (cause.kind === "code_changed")
    return <Link to={assetPath(owner, { tab: "code", against: "previous" })}>{cause.subject}</Link>
  if (!hasPage(cause)) return <strong>{cause.subject}</strong>
  return (
    <Link
      to={assetPath(cause.subject, cause.partition ? { tab: "partitions", partition: cause.partition } : {})}
    >
      {cause.subject}
      {cause.partition ? ` ${cause.partition}` : ""}
    </Link>
  )
}

/** What happened to it; of code, that it changed, and what else did. */
function told(cause: Cause): string {
  if (cause.kind !== "code_changed") return happened(cause)
  return cause.detail.startsWith(`${cause.subject} `)
    ? cause.detail.slice(cause.subject.length + 1)
    : cause.detail || "changed"
}

/** When it happened, in which run, and who asked for that. */
function Where({ cause, step }: { cause: Cause; step: string | null }) {
  const failed = cause.kind === "failed" || cause.kind === "check_failed"
  const run = api.useQuery(
    "get",
    "/api/v1/runs/{id}",
    { params: { path: { id: cause.run ?? "" } } },
    { enabled: Boolean(cause.run), staleTime: Number.POSITIVE_INFINITY },
  ).data
  if (!cause.run && !cause.at) return null
  return (
    <span className={classes.where}>
      {cause.run && (
        <>
          <Link
            to={runPath(cause.run, {
              ...(failed ? { tab: "logs" } : {}),
              ...(failed && step ? { step } : {}),
              ...(failed && cause.partition ? { partition: cause.partition } : {}),
              ...(cause.log ? { log: cause.log } : {}),
              ...(cause.line ? { line: cause.line } : {}),
            })}
          >
            {failed ? "log of " : cause.kind === "code_changed" ? "made by " : ""}run {cause.run.slice(0, 8)}
          </Link>
          {run?.by ? ` by ${run.by}` : ""}
          {cause.at ? " · " : ""}
        </>
      )}
      {cause.at && <Time at={cause.at} />}
    </span>
  )
}
