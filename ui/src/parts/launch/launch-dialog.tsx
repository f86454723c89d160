import { api } from "@/api/client"
import { asProblem } from "@/api/problem"
import { Refusal, Skeleton } from "@/parts/empty"
import { AssetForm } from "./asset-form"
import { DialogFrame } from "./dialog-frame"
import { PipelineForm } from "./pipeline-form"
import { RerunForm } from "./rerun-form"
import { closeLaunch, type Launch, type NewLaunch } from "./state"

/** What was asked for decides which form it is. */
export default function LaunchDialog({ launch }: { launch: Launch }) {
  if ("rerunOf" in launch) return <OfRun launch={launch} />
  if (launch.kind === "asset") return <AssetForm launch={launch} select={launch.name} />
  return <OfPipeline launch={launch} />
}

function OfPipeline({ launch }: { launch: NewLaunch }) {
  const detail = api.useQuery("get", "/api/v1/pipelines/{name}", { params: { path: { name: launch.name } } })
  if (detail.data === undefined) return <Waiting title={`Run ${launch.name}`} query={detail} />
  // a job that selects assets has no steps of its own: it makes assets, as a plan does
  const { pipeline, steps } = detail.data
  if (pipeline.kind === "job" && steps.length === 0)
    return <AssetForm launch={launch} select={`job:${launch.name}`} />
  return <PipelineForm launch={launch} detail={detail.data} />
}

function OfRun({ launch }: { launch: Extract<Launch, { rerunOf: string }> }) {
  const run = api.useQuery("get", "/api/v1/runs/{id}/detail", { params: { path: { id: launch.rerunOf } } })
  const name = run.data?.run.pipeline
  const detail = api.useQuery(
    "get",
    "/api/v1/pipelines/{name}",
    { params: { path: { name: name ?? "" } } },
    { enabled: Boolean(name) },
  )
  const title = `Re-run ${launch.rerunOf.slice(0, 8)}`
  if (run.data === undefined) return <Waiting title={title} query={run} />
  if (!name)
    return (
      <AssetForm
        launch={{ kind: "asset", name: run.data.run.selection ?? "" }}
        select={run.data.run.selection ?? ""}
      />
    )
  if (detail.data === undefined) return <Waiting title={title} query={detail} />
  return <RerunForm launch={launch} before={run.data} detail={detail.data} />
}

interface WaitingProps {
  readonly title: string
  readonly query: { readonly error: unknown; readonly refetch: () => unknown }
}

function Waiting({ title, query }: WaitingProps) {
  return (
    <DialogFrame title={title} onClose={closeLaunch}>
      {query.error ? (
        <Refusal problem={asProblem(query.error)} retry={() => void query.refetch()} />
      ) : (
        <Skeleton rows={4} />
      )}
    </DialogFrame>
  )
}
