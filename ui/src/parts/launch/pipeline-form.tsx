import { NumberInput, SegmentedControl, Select, Switch } from "@mantine/core"
import { useDebouncedValue } from "@mantine/hooks"
import { useRouter } from "@tanstack/react-router"
import { useState } from "react"
import { api, type Schema } from "@/api/client"
import { asProblem } from "@/api/problem"
import { executionPath, runPath } from "@/shell/links"
import { ConfigEditor, isReady } from "./config-editor"
import { DialogFrame } from "./dialog-frame"
import classes from "./form.module.css"
import { namesSeveral, PartitionField } from "./partition-field"
import { closeLaunch, type NewLaunch } from "./state"
import { useConfig } from "./use-config"
import { changed, forApi } from "./values"

type Reprocess = Schema["NewBackfill"]["reprocess"]

interface PipelineFormProps {
  readonly launch: NewLaunch
  readonly detail: Schema["PipelineDetail"]
}

/** A run of a pipeline, or one for each of several intervals. */
export function PipelineForm({ launch, detail }: PipelineFormProps) {
  const { pipeline, steps } = detail
  const { name } = pipeline
  const router = useRouter()
  const state = useConfig(`pipeline:${name}`, detail, launch.params)
  const [partitions, setPartitions] = useState(launch.partitions ?? "")
  const [options, setOptions] = useState<Options>({
    pool: "",
    priority: 0,
    reprocess: "missing",
    newestFirst: false,
    concurrency: null,
  })
  const [tried, setTried] = useState(false)
  const several = pipeline.partitions !== null && namesSeveral(partitions)
  const run = api.useMutation("post", "/api/v1/pipelines/{name}/runs", { meta: { quiet: true } })
  const backfill = api.useMutation("post", "/api/v1/pipelines/{name}/backfills", { meta: { quiet: true } })
  const hasParams = Object.keys(detail.params).length > 0
  const params = changed(state.config.values, state.base)
  const given = { ...launch.params, ...params }

  const begun = (path: string) => {
    state.done()
    closeLaunch()
    void router.navigate({ to: path })
  }
  const start = () => {
    setTried(true)
    state.refuse(null)
    if (!isReady(state.config, state.parameters)) return
    const failed = { onError: (error: unknown) => state.refuse(asProblem(error)) }
    if (several)
      backfill.mutate(
        {
          params: { path: { name } },
          body: {
            partitions: partitions.trim(),
            reprocess: options.reprocess,
            newest_first: options.newestFirst,
            concurrency: options.concurrency,
            priority: options.priority,
            params: hasParams ? forApi(given) : null,
          },
        },
        { ...failed, onSuccess: ({ id }) => begun(executionPath(id)) },
      )
    else
      run.mutate(
        {
          params: { path: { name } },
          body: {
            params: forApi(given),
            texts: {},
            partition: partitions.trim() || null,
            pool: options.pool,
            priority: options.priority,
          },
        },
        { ...failed, onSuccess: ({ id }) => begun(runPath(id)) },
      )
  }
  const ready = isReady(state.config, state.parameters)
  return (
    <DialogFrame
      wide={hasParams}
      title={several ? `Backfill ${name}` : `Run ${name}`}
      note={pipeline.description}
      onClose={closeLaunch}
      refusal={state.refused.rest ? state.problem : null}
      preview={
        <Preview
          name={name}
          steps={steps}
          partitions={partitions}
          several={several}
          options={options}
          partitioned={pipeline.partitions !== null}
        />
      }
      action={{
        label: several ? "Backfill" : "Run",
        run: start,
        busy: run.isPending || backfill.isPending,
        blocked: tried && !ready ? "Mend what is marked first." : null,
      }}
    >
      {state.isDraft && (
        <p className={classes.draft}>
          As you left it.{" "}
          <button type="button" className={classes.link} onClick={state.startOver}>
            Start over
          </button>
        </p>
      )}
      {pipeline.partitions !== null && (
        <PartitionField
          owner={{ kind: "pipeline", name }}
          label="Interval"
          none="the latest that has ended"
          value={partitions}
          onChange={(text) => {
            setPartitions(text)
            state.refuse(null)
          }}
          problem={state.refused.others.get("partition") ?? state.refused.others.get("partitions")}
        />
      )}
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
      <More options={options} onChange={setOptions} several={several} refused={state.refused.others} />
    </DialogFrame>
  )
}

interface Options {
  readonly pool: string
  readonly priority: number
  readonly reprocess: Reprocess
  readonly newestFirst: boolean
  readonly concurrency: number | null
}

interface MoreProps {
  readonly options: Options
  readonly onChange: (options: Options) => void
  readonly several: boolean
  readonly refused: ReadonlyMap<string, string>
}

/** What is seldom changed: which of the intervals, where it waits, and how urgent it is. */
function More({ options, onChange, several, refused }: MoreProps) {
  const pools = api.useQuery("get", "/api/v1/work-pools")
  const names = ["default", ...(pools.data?.items.map((each) => each.name) ?? [])]
  return (
    <>
      {several && (
        <div className={classes.row}>
          <div>
            <p className={classes.label}>Which of them</p>
            <SegmentedControl
              aria-label="Which of them"
              value={options.reprocess}
              onChange={(word) => onChange({ ...options, reprocess: word as Reprocess })}
              data={[
                { value: "missing", label: "Never run" },
                { value: "failed", label: "Never run or failed" },
                { value: "all", label: "All again" },
              ]}
            />
          </div>
          <NumberInput
            label="At once, at most"
            placeholder="as the pipeline says"
            min={1}
            max={1000}
            className={classes.short}
            value={options.concurrency ?? ""}
            error={refused.get("concurrency")}
            onChange={(to) => onChange({ ...options, concurrency: typeof to === "number" ? to : null })}
          />
          <Switch
            label="Newest first"
            checked={options.newestFirst}
            onChange={(event) => onChange({ ...options, newestFirst: event.currentTarget.checked })}
          />
        </div>
      )}
      <details className={classes.more}>
        <summary>
          Queue{options.priority !== 0 && `, priority ${options.priority}`}
          {options.pool !== "" && `, pool ${options.pool}`}
        </summary>
        <div className={classes.row}>
          {!several && (
            <Select
              label="Work pool"
              className={classes.short}
              data={[...new Set(names)]}
              value={options.pool || "default"}
              allowDeselect={false}
              error={refused.get("pool")}
              onChange={(to) => onChange({ ...options, pool: to === null || to === "default" ? "" : to })}
            />
          )}
          <NumberInput
            label="Priority"
            description="The highest goes first"
            inputWrapperOrder={["label", "input", "error", "description"]}
            min={-1000}
            max={1000}
            className={classes.short}
            value={options.priority}
            error={refused.get("priority")}
            onChange={(to) => onChange({ ...options, priority: typeof to === "number" ? to : 0 })}
          />
        </div>
      </details>
    </>
  )
}

interface PreviewProps {
  readonly name: string
  readonly steps: readonly unknown[]
  readonly partitions: string
  readonly several: boolean
  readonly partitioned: boolean
  readonly options: Options
}

/** What would run, before it does. */
function Preview({ name, steps, partitions, several, partitioned, options }: PreviewProps) {
  const [asked] = useDebouncedValue(partitions.trim(), 250)
  const preview = api.useQuery(
    "post",
    "/api/v1/backfills/preview",
    {
      body: {
        name,
        partitions: asked,
        reprocess: options.reprocess,
        newest_first: options.newestFirst,
        params: null,
        priority: options.priority,
        concurrency: options.concurrency,
        slices: null,
      },
    },
    { enabled: several && asked !== "", retry: false },
  )
  if (several) {
    if (preview.error) return <>{asProblem(preview.error).message}</>
    if (preview.data === undefined) return <>Counting …</>
    const { partitions: found, done_before } = preview.data
    const left = done_before ? `, ${done_before.toLocaleString("en-GB")} of them ran before` : ""
    if (found.length === 0) return <>Nothing to run{left}.</>
    return (
      <>
        <strong className={classes.strong}>
          {found.length.toLocaleString("en-GB")} {found.length === 1 ? "run" : "runs"}
        </strong>
        : {found.length > 3 ? `${found[0]} … ${found.at(-1)}` : found.join(", ")}
        {left}
      </>
    )
  }
  const of = steps.length ? ` of ${steps.length} ${steps.length === 1 ? "task" : "tasks"}` : ""
  return (
    <>
      <strong className={classes.strong}>1 run</strong>
      {of}
      {partitioned && <> for {asked || "the latest interval that has ended"}</>}
    </>
  )
}
