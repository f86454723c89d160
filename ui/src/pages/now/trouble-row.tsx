import { Button } from "@mantine/core"
import { Link } from "@tanstack/react-router"
import { useCallback } from "react"
import { StateMark, StateWord } from "@/parts/state-mark"
import { Time } from "@/parts/time"
import { useMay } from "@/shell/door"
import { assetPath, pipelinePath, runPath } from "@/shell/links"
import { Progress } from "./progress"
import { ended, useRepairs } from "./repairs"
import classes from "./troubles.module.css"
import {
  action,
  grouped,
  hitState,
  markOf,
  reason,
  repairWords,
  shortPartitions,
  type Trouble,
  verb,
} from "./words"

interface RowProps {
  readonly trouble: Trouble
  /** The first one has the page's one primary button. */
  readonly first: boolean
  readonly onRepair: (trouble: Trouble) => void
}

/** One root cause: what happened, the first error, whom it hits, and the button that mends it. */
export function TroubleRow({ trouble, first, onRepair }: RowProps) {
  const { root, error, hits } = trouble
  const owners = [...new Set([...root.owners, ...trouble.hit_owners])]
  const execution = useRepairs((repairs) => repairs.by[trouble.id])
  const onEnd = useCallback(() => ended(trouble.id), [trouble.id])
  const more = trouble.hit_assets + trouble.hit_pipelines - Math.min(hits.length, 4)
  return (
    <li className={classes.trouble} id={`trouble-${trouble.id}`}>
      <span className={classes.mark}>
        <StateMark state={markOf(trouble)} size={14} />
      </span>
      <div className={classes.what}>
        <p className={classes.head}>
          <Link to={placeOf(root)} className={classes.name}>
            {root.key}
          </Link>{" "}
          {verb(trouble)}{" "}
          {root.partitions && (
            <Link
              className={classes.name}
              to={
                root.kind === "asset"
                  ? assetPath(root.key, { tab: "partitions", partitions: root.partitions })
                  : placeOf(root)
              }
              title={root.partitions}
            >
              {shortPartitions(root.partitions, root.count)}
            </Link>
          )}{" "}
          {trouble.since && (
            <span className={classes.since}>
              <Time at={trouble.since} />
            </span>
          )}
        </p>
        {(error || reason(trouble)) && (
          <p className={classes.why}>
            {error ? <FirstError trouble={trouble} /> : reason(trouble)}
            {trouble.attempts > 1 && `, ${trouble.attempts} attempts`}
            {error && trouble.run && (
              <Link
                className={classes.log}
                to={runPath(trouble.run, {
                  tab: "logs",
                  step: error?.step ?? undefined,
                  partition: error?.partition ?? undefined,
                  log: trouble.log ?? undefined,
                  line: trouble.line ?? undefined,
                })}
              >
                Log
              </Link>
            )}
          </p>
        )}
        {(hits.length > 0 || owners.length > 0) && (
          <ul className={classes.chips} aria-label="What it hits, and whose it is">
            {hits.slice(0, 4).map((hit) => (
              <li key={hit.key}>
                <Link to={hit.kind === "asset" ? assetPath(hit.key) : pipelinePath(hit.key)}>
                  <StateMark state={hitState(hit)} size={9} />
                  {hit.key}
                  {hit.count > 1 && <i>{grouped(hit.count)}</i>}
                  {hit.due && (
                    <i>
                      due <Time at={hit.due} />
                    </i>
                  )}
                </Link>
              </li>
            ))}
            {more > 0 && <li className={classes.quiet}>and {grouped(more)} more below</li>}
            {owners.map((owner) => (
              <li key={owner} className={classes.quiet}>
                {owner}
              </li>
            ))}
          </ul>
        )}
      </div>
      <div className={classes.act}>
        {execution ? (
          <Progress execution={execution} onEnd={onEnd} />
        ) : trouble.repairing > 0 ? (
          <StateWord state="running">is being repaired</StateWord>
        ) : (
          trouble.repair && <RepairButton trouble={trouble} first={first} onRepair={onRepair} />
        )}
      </div>
    </li>
  )
}

function FirstError({ trouble: { error } }: { trouble: Trouble }) {
  if (!error) return null
  const place = error.file ? `${error.file}${error.line ? `:${error.line}` : ""}` : ""
  return (
    <>
      <code>
        {error.type ? `${error.type}: ` : ""}
        {error.message}
      </code>
      {error.function && (
        <>
          {" in "}
          <code>{error.function}()</code>
        </>
      )}
      {place && `, ${place}`}
    </>
  )
}

function RepairButton({ trouble, first, onRepair }: RowProps) {
  const may = useMay("operator")
  if (!trouble.repair) return null
  const words = repairWords(trouble.repair)
  const verb = action(trouble)
  return (
    <Button
      variant={first && may ? "filled" : "default"}
      onClick={() => onRepair(trouble)}
      data-repair={trouble.id}
      aria-label={`${verb} ${trouble.root.key}${words ? `, ${words}` : ""}`}
    >
      {verb}
      {words && ` ${words}`}
    </Button>
  )
}

function placeOf(root: Trouble["root"]): string {
  if (root.kind === "asset") return assetPath(root.key)
  if (root.kind === "location") return "/workers"
  return pipelinePath(root.key)
}
