import { Page } from "@/shell/page"

export default function RunPage() {
  return <Page title="Run">…</Page>
}
