import { Page } from "@/shell/page"

export default function PipelinesPage() {
  return <Page title="Pipelines">…</Page>
}
