import { Page } from "@/shell/page"

export default function ExecutionPage() {
  return <Page title="Execution">…</Page>
}
