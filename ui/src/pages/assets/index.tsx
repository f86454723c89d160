import { Page } from "@/shell/page"

export default function AssetsPage() {
  return <Page title="Assets">…</Page>
}
