import { Page } from "@/shell/page"

export default function RunsPage() {
  return <Page title="Runs">…</Page>
}
