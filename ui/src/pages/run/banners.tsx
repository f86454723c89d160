import { Button, Collapse } from "@mantine/core"
import { Link } from "@tanstack/react-router"
import { useState } from "react"
import { api, type Schema } from "@/api/client"
import { shortName } from "@/parts/gantt/model"
import { StateMark } from "@/parts/state-mark"
import { useMay } from "@/shell/door"
import { runPath } from "@/shell/links"
import { AnswerForm } from "./answer-form"
import classes from "./run.module.css"
import { isLive, type Run, type TabProps } from "./state"

interface BannersProps {
  readonly run: Run
  readonly set: TabProps["set"]
}

/** What is to be said of a run before all else: what failed first, why it waits, what it asks. */
export function Banners({ run, set }: BannersProps) {
  const open = run.questions.filter((each) => each.answered_at === null)
  const waits = isLive(run) && !["running", "cancelling"].includes(run.phase) && open.length === 0
  return (
    <>
      {run.failed > 0 || run.error !== "" || run.outcome === "failed" ? <Failed run={run} set={set} /> : null}
      {waits && <Waits run={run} />}
      {open.map((each) => (
        <Asks key={each.key} run={run} question={each} />
      ))}
    </>
  )
}

function Failed({ run, set }: BannersProps) {
  const query = api.useQuery("get", "/api/v1/runs/{id}/logs", {
    params: { path: { id: run.id }, query: { failed: true, limit: 20 } },
  })
  // an attempt after which another one succeeded is not what the run failed of
  const ended = query.data?.items.filter((each) => each.outcome !== "parked") ?? []
  const first = ended[0]
  const last = ended.findLast(
    (each) => each.step === first?.step && each.item === first?.item && each.partition === first?.partition,
  )
  if (first === undefined || last === undefined) {
    const line = run.error.trimEnd().split("\n").at(-1)
    if (!line) return null
    return (
      <div className={classes.banner} data-kind="failed">
        <StateMark state="failed" label="Failed" />
        <span className={classes.error}>{line}</span>
        <span className={classes.end}>
          <Button variant="default" size="compact-sm" onClick={() => set({ tab: "details" }, { push: true })}>
            Traceback
          </Button>
        </span>
      </div>
    )
  }
  const place = last.item || last.partition
  return (
    <div className={classes.banner} data-kind="failed">
      <StateMark state="failed" label="Failed" />
      <span className={classes.said}>
        <b>
          {shortName(last.step)}
          {place ? ` [${place}]` : ""}
        </b>{" "}
        <span className={classes.error}>{last.error}</span>
        {last.attempt > 1 && <span className={classes.dim}> · {last.attempt} attempts</span>}
        {run.failed > 1 && <span className={classes.dim}> · {run.failed - 1} more failed</span>}
      </span>
      <span className={classes.end}>
        {last.log && (
          <Button
            variant="default"
            size="compact-sm"
            onClick={() =>
              set(
                { tab: "logs", log: last.log ?? "", line: "", find: "", level: "", only: false },
                { push: true },
              )
            }
          >
            Show in the log
          </Button>
        )}
      </span>
    </div>
  )
}

function Waits({ run }: { run: Run }) {
  const query = api.useQuery("get", "/api/v1/runs/{id}/why", { params: { path: { id: run.id } } })
  const reasons = query.data?.reasons ?? []
  const position = query.data?.position
  return (
    <div className={classes.banner} data-kind="waits">
      <StateMark state={run.phase} label="Waits" />
      <span className={classes.said}>
        {reasons.length === 0
          ? run.reason || "It waits to be begun by a worker."
          : reasons.map((each) => <Reason key={`${each.kind} ${each.text}`} reason={each} />)}
        {position != null && <span className={classes.dim}> Place {position} in the queue.</span>}
      </span>
      <span className={classes.end}>
        <Button component={Link} to="/queue" variant="default" size="compact-sm">
          Queue and pools
        </Button>
      </span>
    </div>
  )
}

function Reason({ reason }: { reason: Schema["Reason"] }) {
  return (
    <div>
      {reason.text}
      {(reason.holders ?? []).length > 0 && (
        <span className={classes.dim}>
          {" "}
          Held by{" "}
          {(reason.holders ?? []).slice(0, 5).map((each, at) => (
            <span key={each}>
              {at > 0 && ", "}
              <Link className={`${classes.link} ${classes.mono}`} to={runPath(each)}>
                {each.slice(0, 8)}
              </Link>
            </span>
          ))}
          {(reason.holders ?? []).length > 5 && ` and ${(reason.holders ?? []).length - 5} more`}.
        </span>
      )}
      {reason.remedy && <span className={classes.dim}> {reason.remedy}</span>}
    </div>
  )
}

function Asks({ run, question }: { run: Run; question: Schema["QuestionView"] }) {
  const may = useMay("operator")
  const [opened, setOpened] = useState(false)
  const give = api.useMutation("post", "/api/v1/runs/{id}/input")
  const answer = (value: unknown) =>
    give.mutate({ params: { path: { id: run.id } }, body: { key: question.key, value: value as never } })
  const form = question.form as { type?: string } | null
  const simple = form === null || form.type === "boolean"
  return (
    <div className={classes.banner} data-kind="asks">
      <StateMark state="suspended" label="Waits for a person" />
      <span className={classes.said}>
        <b>{question.message || "This run waits for a go-ahead."}</b>
      </span>
      <span className={classes.end}>
        {form === null ? (
          <Button size="compact-sm" disabled={!may} loading={give.isPending} onClick={() => answer(null)}>
            Go on
          </Button>
        ) : form.type === "boolean" ? (
          <>
            <Button
              size="compact-sm"
              variant="default"
              disabled={!may || give.isPending}
              onClick={() => answer(false)}
            >
              No
            </Button>
            <Button size="compact-sm" disabled={!may || give.isPending} onClick={() => answer(true)}>
              Yes
            </Button>
          </>
        ) : (
          <Button size="compact-sm" disabled={!may} aria-expanded={opened} onClick={() => setOpened(!opened)}>
            Answer…
          </Button>
        )}
      </span>
      {!simple && (
        <Collapse expanded={opened} className={classes.answer}>
          <AnswerForm run={run.id} question={question} />
        </Collapse>
      )}
    </div>
  )
}
