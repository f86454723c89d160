import { Page } from "@/shell/page"

export default function PlansPage() {
  return <Page title="Plans">…</Page>
}
