import { Link } from "@tanstack/react-router"
import { type Cause, happened, rootOf } from "@/parts/plan-words"
import { StateMark } from "@/parts/state-mark"
import { Time } from "@/parts/time"
import { assetPath, pipelinePath, runPath } from "@/shell/links"
import { stateOf } from "@/theme/states"
import classes from "./asset.module.css"
import { healthOf } from "./health"
import type { Asset } from "./state"

/** Where it stands, and why: the first thing to read. Below it whose it is, and where its code is. */
export function Headline({ asset }: { asset: Asset }) {
  const health = healthOf(asset)
  const { family } = stateOf(health.status)
  const { cause } = health
  const root = cause ? rootOf(cause) : null
  const tags = Object.entries(asset.tags)
  return (
    <div className={classes.headline}>
      <p className={classes.health}>
        <StateMark state={health.status} size={14} label="" />
        <strong style={{ color: `var(--${family}-ink)` }}>{health.what}</strong>
        {cause && root && (
          <span>
            {cause.partition && (
              <>
                <Link to={assetPath(asset.key, { tab: "partitions", partition: cause.partition })}>
                  {cause.partition}
                </Link>{" "}
              </>
            )}
            {root !== cause && root.kind === "code_changed" ? (
              `because ${root.detail || root.subject}`
            ) : root !== cause ? (
              <>
                because{" "}
                <Link
                  to={assetPath(
                    root.subject,
                    root.partition ? { tab: "partitions", partition: root.partition } : {},
                  )}
                >
                  {root.subject}
                  {root.partition ? ` ${root.partition}` : ""}
                </Link>{" "}
                {said(root)}
              </>
            ) : cause.subject !== asset.key && cause.kind !== "code_changed" ? (
              <>
                because <Link to={assetPath(cause.subject)}>{cause.subject}</Link> {said(cause)}
              </>
            ) : cause.kind === "code_changed" ? (
              `because ${cause.detail || cause.subject}`
            ) : (
              ownWords(cause, health.status)
            )}
          </span>
        )}
        {root?.kind === "code_changed" && (
          <Link
            className={classes.jump}
            to={assetPath(root === cause ? asset.key : ownerOf(cause), { tab: "code", against: "previous" })}
          >
            What changed
          </Link>
        )}
        {root?.run && root.kind !== "code_changed" && (
          <Link
            className={classes.jump}
            to={runPath(
              root.run,
              root.kind === "failed" || root.kind === "check_failed"
                ? {
                    tab: "logs",
                    ...(root.subject === asset.key && asset.step
                      ? { step: asset.step }
                      : { step: root.subject }),
                    ...(root.partition ? { partition: root.partition } : {}),
                  }
                : {},
            )}
          >
            {root.kind === "failed" || root.kind === "check_failed"
              ? "Log of the error"
              : `Run ${root.run.slice(0, 8)}`}
          </Link>
        )}
        {health.others > 0 && (
          <span className={classes.faint}>
            and {health.others} more {health.others === 1 ? "cause" : "causes"}
          </span>
        )}
      </p>
      {asset.description && <p className={classes.description}>{asset.description}</p>}
      <dl className={classes.facts}>
        <Fact name="Last made">
          <Time at={asset.last_success} none="never" />
        </Fact>
        {asset.partitions && <Fact name="Partitions">{asset.partitions}</Fact>}
        <Fact name="Owners">
          {asset.owners.length > 0 ? (
            asset.owners.join(", ")
          ) : (
            <span className={classes.faint}>none named</span>
          )}
        </Fact>
        <Fact name="Group">{asset.group}</Fact>
        {asset.kinds.length > 0 && <Fact name="Kind">{asset.kinds.join(", ")}</Fact>}
        {asset.made_by && (
          <Fact name="Made by">
            <Link to={pipelinePath(asset.made_by)}>{asset.made_by}</Link>
          </Fact>
        )}
        {asset.defined_at && (
          <Fact name="Code">
            <Link to={assetPath(asset.key, { tab: "code" })}>
              <code>{asset.defined_at}</code>
            </Link>
          </Fact>
        )}
        {asset.location && <Fact name="Location">{asset.location}</Fact>}
        {asset.aliases.length > 0 && <Fact name="Also known as">{asset.aliases.join(", ")}</Fact>}
        {tags.length > 0 && (
          <Fact name={tags.length === 1 ? "Tag" : "Tags"}>
            {tags.map(([name, value]) => (value ? `${name}=${value}` : name)).join(", ")}
          </Fact>
        )}
      </dl>
    </div>
  )
}

function Fact({ name, children }: { name: string; children: React.ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  )
}

/** The asset that the last link before changed code is about: its page has the code. */
function ownerOf(cause: Cause | null): string {
  let at = cause
  while (at?.root?.root) at = at.root
  return at?.subject ?? ""
}

/** How many partitions a cause is of is said by the words before it. */
function said(cause: Cause): string {
  return happened(cause).replace(/ \([\d,]+ partitions?\)$/, "")
}

/** "failed" is not said twice. */
function ownWords(cause: Cause, status: string): string {
  const words = said(cause)
  return status === "failed" && !cause.partition ? words.replace(/^failed: /, "") : words
}
