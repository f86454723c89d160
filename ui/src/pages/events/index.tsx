import { Page } from "@/shell/page"

export default function EventsPage() {
  return <Page title="Events">…</Page>
}
