import { Page } from "@/shell/page"

export default function SettingsPage() {
  return <Page title="Settings">…</Page>
}
