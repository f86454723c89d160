import { Radio, Select } from "@mantine/core"
import { Link, useRouter } from "@tanstack/react-router"
import { type ReactNode, useMemo, useState } from "react"
import { api, type Schema } from "@/api/client"
import { asProblem } from "@/api/problem"
import { StateWord } from "@/parts/state-mark"
import { pipelinePath, runPath } from "@/shell/links"
import { runState } from "@/theme/states"
import { Choice } from "./choice"
import { ConfigEditor, isReady } from "./config-editor"
import { DialogFrame } from "./dialog-frame"
import classes from "./form.module.css"
import { planRerun, type RerunMode, type RerunPlan, rerunBody } from "./rerun"
import { closeLaunch, type RerunLaunch } from "./state"
import { useConfig } from "./use-config"
import { changed, forApi } from "./values"

interface RerunFormProps {
  readonly launch: RerunLaunch
  readonly before: Schema["RunDetail"]
  readonly detail: Schema["PipelineDetail"]
}

/** A re-run of a pipeline: a new run that keeps of the one before what need not run. */
export function RerunForm({ launch, before, detail }: RerunFormProps) {
  const { run } = before
  const router = useRouter()
  const isFlow = detail.pipeline.kind === "flow"
  const went = run.outcome === "succeeded"
  const [mode, setMode] = useState<RerunMode>(launch.mode ?? (launch.step ? "from" : went ? "all" : "failed"))
  const [step, setStep] = useState<string | null>(launch.step ?? null)
  const [tried, setTried] = useState(false)
  const state = useConfig(`rerun:${run.id}`, detail, run.params ?? {})
  const rerun = api.useMutation("post", "/api/v1/runs/{id}/rerun", { meta: { quiet: true } })
  const ends = useMemo(
    () =>
      before.steps.map(({ step: key, ...end }) => ({
        ...end,
        task: key.startsWith(`${run.pipeline}:`) ? key.slice((run.pipeline?.length ?? 0) + 1) : key,
      })),
    [before.steps, run.pipeline],
  )
  const plan = useMemo(() => planRerun(mode, step, detail.steps, ends), [mode, step, detail.steps, ends])
  const hasParams = Object.keys(detail.params).length > 0
  const needsStep = mode === "from" || mode === "only" || mode === "only+"
  const overridden = changed(state.config.values, state.base)
  const ready = isReady(state.config, state.parameters)
  const start = () => {
    setTried(true)
    state.refuse(null)
    if (!ready || (needsStep && step === null)) return
    rerun.mutate(
      {
        params: { path: { id: run.id } },
        body: {
          ...rerunBody(mode, step),
          params: forApi(overridden),
          texts: {},
          pool: isFlow && mode === "failed" ? "" : (run.pool ?? ""),
        },
      },
      {
        onError: (error: unknown) => state.refuse(asProblem(error)),
        onSuccess: ({ id }) => {
          state.done()
          closeLaunch()
          void router.navigate({ to: runPath(id) })
        },
      },
    )
  }
  const ofSteps: ReadonlyArray<readonly [RerunMode, string, string]> = isFlow
    ? []
    : [
        ["from", "From a step on", "The step and all that is below it."],
        ["only", "One step only", "Nothing below it, whatever comes out."],
        ["only+", "One step, and what is below it", "What failed elsewhere stays as it is."],
      ]
  const modes: ReadonlyArray<readonly [RerunMode, string, string]> = [
    [
      "failed",
      "From what failed",
      isFlow
        ? "The function runs again; calls that succeeded are kept."
        : "What failed and all below it; of a mapped task only the items that failed.",
    ],
    ...ofSteps,
    ["all", "All of it", "Nothing is kept."],
  ]
  const under = run.phase !== "finished"
  return (
    <DialogFrame
      wide={hasParams}
      title={`Re-run ${detail.pipeline.name}`}
      note={
        <>
          {run.partition !== null && `${run.partition}, `}
          as run {run.id.slice(0, 8)}, which <StateWord state={runState(run)} />
        </>
      }
      onClose={closeLaunch}
      refusal={state.refused.rest ? state.problem : null}
      preview={<RerunWords plan={plan} mode={mode} isFlow={isFlow} needsStep={needsStep && step === null} />}
      action={{
        label: "Re-run",
        run: start,
        busy: rerun.isPending,
        blocked: under
          ? `The run is ${run.phase}: it can be repeated once it has ended.`
          : needsStep && step === null
            ? "Choose a step."
            : tried && !ready
              ? "Mend what is marked first."
              : null,
      }}
    >
      <div className={classes.row}>
        <Radio.Group
          label="What of it"
          value={mode}
          onChange={(to) => setMode(to as RerunMode)}
          classNames={{ label: classes.label }}
        >
          <div className={classes.modes}>
            {modes.map(([word, label, description]) => (
              <Radio
                key={word}
                size="xs"
                value={word}
                label={<Choice title={label} note={description} />}
                disabled={word === "failed" && went}
              />
            ))}
          </div>
        </Radio.Group>
      </div>
      {needsStep && (
        <Select
          label="Step"
          placeholder="choose"
          searchable
          data={detail.steps.map((each) => each.task)}
          value={step}
          onChange={setStep}
          error={tried && step === null ? "Choose a step." : undefined}
        />
      )}
      {!isFlow && (!needsStep || step !== null) && <Steps plan={plan} />}
      <CodeWords run={run.id} name={detail.pipeline.name} />
      {hasParams && (
        <ConfigEditor
          parameters={state.parameters}
          config={state.config}
          base={state.base}
          onChange={state.change}
          refused={state.refused.params}
          tried={tried}
        />
      )}
      {hasParams && mode !== "all" && Object.keys(overridden).length > 0 && plan.kept.length > 0 && (
        <p className={classes.what} role="status">
          {Object.keys(overridden).join(", ")} changed: what is kept was made with the values before.
        </p>
      )}
    </DialogFrame>
  )
}

const SHOWN = 40

function Steps({ plan }: { plan: RerunPlan }) {
  return (
    <div className={classes.heads}>
      <StepRow
        title="Re-run"
        tasks={plan.again}
        className={classes.again}
        note={(task) => (plan.partly.includes(task) ? "failed items" : null)}
      />
      <StepRow title="Kept" tasks={plan.kept} className={classes.kept} />
      <StepRow title="Left as it is" tasks={plan.left} className={classes.kept} />
    </div>
  )
}

interface StepRowProps {
  readonly title: string
  readonly tasks: readonly string[]
  readonly className: string | undefined
  readonly note?: (task: string) => ReactNode
}

function StepRow({ title, tasks, className, note }: StepRowProps) {
  if (tasks.length === 0) return null
  return (
    <>
      <span>{title}</span>
      <span className={classes.steps}>
        {tasks.slice(0, SHOWN).map((task) => {
          const told = note?.(task)
          return (
            <span key={task} className={className} title={task}>
              {task}
              {told && `: ${told}`}
            </span>
          )
        })}
        {tasks.length > SHOWN && <span className={className}>and {tasks.length - SHOWN} more</span>}
      </span>
    </>
  )
}

/** Whether the code is still that of the run before. A re-run is made with today's. */
function CodeWords({ run, name }: { run: string; name: string }) {
  const versions = api.useQuery("get", "/api/v1/pipelines/{name}/versions", { params: { path: { name } } })
  const current = versions.data?.items.find((each) => each.current)?.code
  const several = (versions.data?.items.length ?? 0) > 1
  const diff = api.useQuery(
    "get",
    "/api/v1/pipelines/{name}/diff",
    { params: { path: { name }, query: { before: run, after: current ?? "" } } },
    { enabled: several && current !== undefined, retry: false },
  )
  if (!several || !diff.data?.diff) return null
  return (
    <p>
      <StateWord state="code_changed">The code has changed since</StateWord>: the new run is made with
      today's.{" "}
      <Link to={pipelinePath(name, { tab: "code" })} className={classes.link} onClick={closeLaunch}>
        See what changed
      </Link>
    </p>
  )
}

interface RerunWordsProps {
  readonly plan: RerunPlan
  readonly mode: RerunMode
  readonly isFlow: boolean
  readonly needsStep: boolean
}

function RerunWords({ plan, mode, isFlow, needsStep }: RerunWordsProps) {
  if (needsStep) return <>Which step?</>
  if (isFlow) return mode === "all" ? <>All calls are re-run.</> : <>Calls that succeeded are kept.</>
  const count = (number: number) => `${number.toLocaleString("en-GB")} ${number === 1 ? "task" : "tasks"}`
  return (
    <>
      <strong className={classes.strong}>{count(plan.again.length)}</strong> re-run
      {plan.kept.length > 0 && <>, {count(plan.kept.length)} kept</>}
    </>
  )
}
