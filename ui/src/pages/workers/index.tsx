import { Page } from "@/shell/page"

export default function WorkersPage() {
  return <Page title="Workers">…</Page>
}
