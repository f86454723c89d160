import { Page } from "@/shell/page"

export default function IncidentsPage() {
  return <Page title="Incidents">…</Page>
}
