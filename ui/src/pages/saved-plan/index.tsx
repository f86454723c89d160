import { Button, Tooltip } from "@mantine/core"
import { notifications } from "@mantine/notifications"
import { Link, useParams, useRouter } from "@tanstack/react-router"
import { useMemo } from "react"
import { api, type Schema } from "@/api/client"
import { asProblem } from "@/api/problem"
import { Command, Refusal, Skeleton } from "@/parts/empty"
import { Panel, Section } from "@/parts/panel"
import classes from "@/parts/plan.module.css"
import { PlanRows } from "@/parts/plan-rows"
import { about, amount, askOf, plural, said } from "@/parts/plan-words"
import { StateMark, StateWord } from "@/parts/state-mark"
import { Time } from "@/parts/time"
import { useCommands } from "@/shell/commands"
import { useMay } from "@/shell/door"
import { executionPath, planPath } from "@/shell/links"
import { Page } from "@/shell/page"
import { AsSaved } from "./as-saved"
import { Holding } from "./holding"

/** A plan that was kept: whether it still holds, what has moved since, and what it would run. */
export default function SavedPlanPage() {
  const { id = "" } = useParams({ strict: false })
  const router = useRouter()
  const query = api.useQuery("get", "/api/v1/plans/{id}", { params: { path: { id } } })
  const saved = query.data
  const holds = saved !== undefined && saved.execution === null && saved.drifted.length === 0
  const outline = api.useQuery(
    "get",
    "/api/v1/plans/{id}/outline",
    { params: { path: { id } } },
    { enabled: holds },
  )
  const drifted = saved !== undefined && saved.execution === null && saved.drifted.length > 0
  const holding = api.useQuery(
    "get",
    "/api/v1/plans/{id}/holding",
    { params: { path: { id } } },
    { enabled: drifted, retry: false },
  )
  const still = drifted && holding.data?.outline.count ? holding.data : undefined
  const applied = api.useMutation("post", "/api/v1/plans/{id}/apply", {
    meta: { quiet: true },
    onSuccess: (made) => void router.navigate({ to: executionPath(made.id) }),
  })
  const removed = api.useMutation("delete", "/api/v1/plans/{id}", {
    onSuccess: () => {
      notifications.show({ message: `The plan ${id.slice(0, 8)} is kept no longer.` })
      void router.navigate({ to: "/plans" })
    },
  })
  const may = useMay("operator")
  const { mutate } = applied
  const { mutate: remove } = removed
  const partly = still !== undefined
  const can = may && (holds || partly)
  const commands = useMemo(() => {
    const run = () => mutate({ params: { path: { id } }, body: { ...BODY, what_holds: partly } })
    const title = partly ? "Apply what still holds of this plan" : "Apply this plan"
    return [
      ...(can ? [{ id: "plan:apply", title, group: "This plan", keys: "mod+Enter", run }] : []),
      ...(may
        ? [
            {
              id: "plan:remove",
              title: "Remove this plan",
              group: "This plan",
              run: () => remove({ params: { path: { id } } }),
            },
          ]
        : []),
    ]
  }, [can, partly, may, id, mutate, remove])
  useCommands(commands)
  if (saved === undefined)
    return (
      <Page title="Saved plan" trail={[["Plans", "/plans"]]}>
        <Panel>{query.error ? <Refusal problem={asProblem(query.error)} /> : <Skeleton />}</Panel>
      </Page>
    )
  const ask = askOf(saved.request)
  const again = planPath({
    ...(ask.select ? { select: ask.select } : {}),
    ...(ask.partitions ? { partitions: ask.partitions } : {}),
    ...(ask.exact ? { force: true } : {}),
  })
  return (
    <Page
      title={`Plan ${saved.id.slice(0, 8)}`}
      heading={said(saved.request)}
      trail={[["Plans", "/plans"]]}
      sub={
        <>
          {plural(saved.steps, "step")}, saved by {saved.by} <Time at={saved.created} />
        </>
      }
      actions={
        <>
          <Tooltip label={may ? "Kept no longer; what applied it stays." : "Only operators may do this."}>
            <Button
              variant="default"
              size="sm"
              disabled={!may}
              loading={removed.isPending}
              onClick={() => remove({ params: { path: { id } } })}
            >
              Remove
            </Button>
          </Tooltip>
          <Button variant="default" size="sm" component={Link} to={again}>
            Plan again
          </Button>
          {(holds || partly) && (
            <Tooltip label={may ? "Ctrl ↵" : "Only operators may apply plans."}>
              <Button
                size="sm"
                disabled={!may}
                loading={applied.isPending}
                onClick={() => mutate({ params: { path: { id } }, body: { ...BODY, what_holds: partly } })}
              >
                {partly ? "Apply what still holds: " : "Apply "}
                {[
                  plural(still ? still.outline.count : saved.steps, "step"),
                  about((still?.outline ?? outline.data)?.estimate_seconds ?? 0),
                ]
                  .filter(Boolean)
                  .join(" · ")}
              </Button>
            </Tooltip>
          )}
        </>
      }
    >
      {applied.error && (
        <Panel>
          <Refusal problem={asProblem(applied.error)} />
        </Panel>
      )}
      <Standing saved={saved} again={again} nothing={holding.data?.outline.count === 0} />
      {drifted && holding.data && <Holding holding={holding.data} />}
      <Section
        title={holds ? "What it would run" : "What was planned"}
        note={outline.data ? amount(outline.data) : undefined}
      >
        {outline.data && holds ? (
          <Panel>
            <PlanRows plan={outline.data} />
          </Panel>
        ) : saved.view ? (
          <AsSaved view={saved.view} />
        ) : null}
      </Section>
      {(holds || partly) && (
        <p style={{ marginTop: 16 }}>
          <Command text={`weft apply --plan ${saved.id}${partly ? " --what-holds" : ""}`} />
        </p>
      )}
    </Page>
  )
}

const BODY: Schema["Apply"] = {
  priority: 0,
  concurrency: null,
  keep_going: null,
  slices: null,
  what_holds: false,
}

interface StandingProps {
  readonly saved: Schema["PlanDetail"]
  readonly again: string
  /** Of a plan that has drifted nothing holds any more. */
  readonly nothing: boolean
}

function Standing({ saved, again, nothing }: StandingProps) {
  if (saved.execution)
    return (
      <Panel padded>
        <StateWord state="succeeded">Applied</StateWord>:{" "}
        <Link to={executionPath(saved.execution)}>execution {saved.execution.slice(0, 8)}</Link>
      </Panel>
    )
  if (saved.drifted.length === 0)
    return (
      <Panel>
        <div className={classes.calm}>
          <StateMark state="fresh" size={15} label="" />
          <div>
            <strong>It still holds</strong>
            <span>Planned again it would be the same: steps, partitions, inputs and code.</span>
          </div>
        </div>
      </Panel>
    )
  return (
    <Section
      title={`What moved since (${saved.drifted.length})`}
      actions={<Link to={again}>What still is to do</Link>}
    >
      <Panel>
        <div className={classes.calm}>
          <StateMark state="stale" size={15} label="" />
          <div>
            <strong>It does not hold any more, and cannot be applied as it is</strong>
            <span>
              {nothing ? "Nothing of it does: plan" : "What still holds of it can be applied; or plan"} again:
              the new plan has what still is to do.
            </span>
          </div>
        </div>
        {saved.drifted.map((each) => (
          <p key={each} className={classes.drift}>
            {each}
          </p>
        ))}
      </Panel>
    </Section>
  )
}
