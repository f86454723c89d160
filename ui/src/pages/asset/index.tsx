import { Page } from "@/shell/page"

export default function AssetPage({ assetKey }: { assetKey: string }) {
  return <Page title={assetKey}>…</Page>
}
