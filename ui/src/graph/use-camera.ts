/** What is seen of a graph, in the URL of its page. */
import { useLocation, useRouter } from "@tanstack/react-router"
import { useCallback } from "react"
import { text, useUrlState } from "@/shell/url-state"

const FIELDS = { camera: text() }

/** What a `FlowGraph` takes as `place` and `onPlace`. It takes the state's place in the history: going back leaves the page. */
export function useCamera(): readonly [place: string, onPlace: (place: string) => void] {
  const [{ camera }, set] = useUrlState(FIELDS)
  const router = useRouter()
  const { pathname } = useLocation()
  const keep = useCallback(
    (place: string) => {
      // said a moment after the last move: somebody may be on the way to another page by now
      if (router.latestLocation.pathname === pathname) set({ camera: place })
    },
    [router, pathname, set],
  )
  return [camera, keep]
}
