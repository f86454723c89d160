import { Link } from "@tanstack/react-router"
import { By, Steps } from "@/pages/runs/columns"
import { Lasted, Time } from "@/parts/time"
import { executionPath, runPath, runsPath } from "@/shell/links"
import classes from "./run.module.css"
import { isLive, type Run } from "./state"

/** When, how long, by whom, of what: the line below the title of a run. */
export function Facts({ run }: { run: Run }) {
  return (
    <dl className={classes.facts}>
      <div>
        <dt>{run.started_at ? "Started" : "Asked for"}</dt>
        <dd>
          <Time at={run.started_at ?? run.created_at} />
        </dd>
      </div>
      {run.started_at && (
        <div>
          <dt>{isLive(run) ? "Runs for" : "Lasted"}</dt>
          <dd>
            <Lasted from={run.started_at} to={run.finished_at} />
          </dd>
        </div>
      )}
      <div>
        <dt>Steps</dt>
        <dd>
          <Steps run={run} />
        </dd>
      </div>
      {!run.parent && (
        <div>
          <dt>By</dt>
          <dd>
            <By run={run} />
          </dd>
        </div>
      )}
      {run.parent && (
        <div>
          <dt>Called by</dt>
          <dd>
            <Link to={runPath(run.parent)} className={classes.mono}>
              {run.parent.slice(0, 8)}
            </Link>
          </dd>
        </div>
      )}
      {run.rerun_of && (
        <div>
          <dt>Re-run of</dt>
          <dd>
            <Link to={runPath(run.rerun_of)} className={classes.mono}>
              {run.rerun_of.slice(0, 8)}
            </Link>
          </dd>
        </div>
      )}
      {run.execution && run.execution !== run.id && (
        <div>
          <dt>Execution</dt>
          <dd>
            <Link to={executionPath(run.execution)} className={classes.mono}>
              {run.execution.slice(0, 8)}
            </Link>
          </dd>
        </div>
      )}
      {run.children > 0 && (
        <div>
          <dt>Called</dt>
          <dd>
            <Link to={runsPath({ parent: run.id })}>
              {run.children} {run.children === 1 ? "run" : "runs"}
            </Link>
          </dd>
        </div>
      )}
    </dl>
  )
}
