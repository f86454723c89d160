import { Page } from "@/shell/page"

export default function ChecksPage() {
  return <Page title="Checks">…</Page>
}
