import { Page } from "@/shell/page"

export default function LineagePage() {
  return <Page title="Lineage">…</Page>
}
