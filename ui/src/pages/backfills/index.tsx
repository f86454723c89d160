import { Page } from "@/shell/page"

export default function BackfillsPage() {
  return <Page title="Backfills">…</Page>
}
