import { Page } from "@/shell/page"

export default function QueuePage() {
  return <Page title="Queue">…</Page>
}
