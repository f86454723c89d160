import { Page } from "@/shell/page"

export default function PipelinePage() {
  return <Page title="Pipeline">…</Page>
}
