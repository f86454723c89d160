import { Page } from "@/shell/page"

export default function IncidentPage() {
  return <Page title="Incident">…</Page>
}
