import { lazy, Suspense } from "react"
import { useLaunch } from "./state"

const LaunchDialog = lazy(() => import("./launch-dialog"))

/** The launch dialog, where one was asked for; its code is loaded with the first. */
export function LaunchHost() {
  const { open, count } = useLaunch()
  if (open === null) return null
  return (
    <Suspense fallback={null}>
      <LaunchDialog key={count} launch={open} />
    </Suspense>
  )
}
