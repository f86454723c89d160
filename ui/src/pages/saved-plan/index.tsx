import { Page } from "@/shell/page"

export default function SavedPlanPage() {
  return <Page title="Saved plan">…</Page>
}
