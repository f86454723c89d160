import { useParams } from "@tanstack/react-router"
import { api } from "@/api/client"
import { asProblem } from "@/api/problem"
import { Empty, Refusal, Skeleton } from "@/parts/empty"
import { Page } from "@/shell/page"
import { PipelineView } from "./pipeline-view"

export default function PipelinePage() {
  const { name = "" } = useParams({ strict: false })
  const detail = api.useQuery("get", "/api/v1/pipelines/{name}", { params: { path: { name } } })
  const data = detail.data?.pipeline.name === name ? detail.data : undefined
  if (data !== undefined) return <PipelineView key={name} detail={data} />
  const problem = detail.error && !detail.isFetching ? asProblem(detail.error) : null
  return (
    <Page title={name} trail={[["Pipelines", "/pipelines"]]}>
      {problem === null ? (
        <Skeleton rows={8} />
      ) : problem.status === 404 ? (
        <Empty title={problem.message} command="weft pipelines">
          {problem.remedy}
        </Empty>
      ) : (
        <Refusal problem={problem} retry={() => void detail.refetch()} />
      )}
    </Page>
  )
}
