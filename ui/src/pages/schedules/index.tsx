import { Page } from "@/shell/page"

export default function SchedulesPage() {
  return <Page title="Schedules">…</Page>
}
