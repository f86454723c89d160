import { Page } from "@/shell/page"

export default function PlanPage() {
  return <Page title="Plan">…</Page>
}
