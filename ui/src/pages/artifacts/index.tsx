import { Page } from "@/shell/page"

export default function ArtifactsPage() {
  return <Page title="Artifacts">…</Page>
}
