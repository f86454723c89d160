import { useParams } from "@tanstack/react-router"
import { lazy } from "react"

const Catalog = lazy(() => import("./index"))
const Asset = lazy(() => import("@/pages/asset"))

/** `/assets` is the catalog, `/assets/<key>` the page of one. */
export default function AssetsRoute() {
  const { _splat: key } = useParams({ strict: false })
  return key ? <Asset key={key} assetKey={key} /> : <Catalog />
}
