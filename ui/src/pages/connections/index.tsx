import { Page } from "@/shell/page"

export default function ConnectionsPage() {
  return <Page title="Connections">…</Page>
}
