import { Page } from "@/shell/page"

export default function ComparePage() {
  return <Page title="Compare">…</Page>
}
