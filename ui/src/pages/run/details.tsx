import { Link } from "@tanstack/react-router"
import type { ReactNode } from "react"
import { api } from "@/api/client"
import { CodeView } from "@/parts/code-view"
import { Panel, Section } from "@/parts/panel"
import { Time } from "@/parts/time"
import { executionPath, pipelinePath, runPath, schedulePath } from "@/shell/links"
import classes from "./run.module.css"
import type { TabProps } from "./state"

/** Everything else that is known of the run. */
export default function DetailsTab({ run }: TabProps) {
  const created = api.useQuery("get", "/api/v1/ledger/events", {
    params: { query: { run: run.id, types: ["RunCreated", "RunStarted"], limit: 10 } },
  })
  const bodies = created.data?.items.map((each) => each.body as Record<string, unknown> | null) ?? []
  const of = (name: string) =>
    bodies.map((each) => each?.[name]).find((each) => typeof each === "string" && each !== "")
  const rows: ReadonlyArray<readonly [string, ReactNode]> = [
    ["Id", <code key="id">{run.id}</code>],
    [
      "Pipeline",
      run.pipeline && (
        <Link className={classes.link} to={pipelinePath(run.pipeline)}>
          {run.pipeline}
        </Link>
      ),
    ],
    ["Selection", run.selection],
    ["Partition", run.partition],
    ["Trigger", run.trigger],
    ["Asked for by", run.by],
    [
      "Automation",
      run.automation && (
        <Link className={classes.link} to={schedulePath(run.automation)}>
          {run.automation}
        </Link>
      ),
    ],
    [
      "Execution",
      run.execution && (
        <Link className={classes.link} to={executionPath(run.execution)}>
          {run.execution}
        </Link>
      ),
    ],
    [
      "Called by",
      run.parent && (
        <Link className={classes.link} to={runPath(run.parent)}>
          {run.parent}
        </Link>
      ),
    ],
    [
      "Re-run of",
      run.rerun_of && (
        <Link className={classes.link} to={runPath(run.rerun_of)}>
          {run.rerun_of}
        </Link>
      ),
    ],
    ["Code location", run.location],
    ["Work pool", run.pool],
    ["Priority", run.priority === 0 ? null : run.priority],
    ["Driven by", of("owner") as string | undefined],
    ["Code version", of("definitions") as string | undefined],
    ["Asked for", <Time key="asked" at={run.created_at} />],
    ["Started", <Time key="started" at={run.started_at} />],
    ["Finished", <Time key="finished" at={run.finished_at} />],
    ["Reason", run.reason],
  ]
  const answered = run.questions.filter((each) => each.answered_at !== null)
  return (
    <>
      <Panel padded>
        <dl className={classes.pairs}>
          {rows
            .filter(([, value]) => value !== null && value !== undefined && value !== "")
            .map(([name, value]) => (
              <div key={name} style={{ display: "contents" }}>
                <dt>{name}</dt>
                <dd>{value}</dd>
              </div>
            ))}
        </dl>
      </Panel>
      {answered.length > 0 && (
        <Section title="Answers of people">
          <Panel padded>
            <dl className={classes.pairs}>
              {answered.map((each) => (
                <div key={each.key} style={{ display: "contents" }}>
                  <dt>{each.message || each.key}</dt>
                  <dd>
                    {JSON.stringify(each.answer)}{" "}
                    <span className={classes.dim}>
                      by {each.by}, <Time at={each.answered_at} />
                    </span>
                  </dd>
                </div>
              ))}
            </dl>
          </Panel>
        </Section>
      )}
      {run.params && Object.keys(run.params).length > 0 && (
        <Section title="Parameters">
          <CodeView code={JSON.stringify(run.params, null, 2)} language="json" title="params" />
        </Section>
      )}
      {run.error && (
        <Section title="The flow's own failure">
          <CodeView code={run.error} language="python" title="traceback" />
        </Section>
      )}
    </>
  )
}
