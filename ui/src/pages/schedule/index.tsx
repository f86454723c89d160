import { Page } from "@/shell/page"

export default function SchedulePage() {
  return <Page title="Schedule">…</Page>
}
