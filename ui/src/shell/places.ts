/** The pages that the sidebar names, with the letter that leads there after `g`. */
import type { LucideIcon } from "lucide-react"
import {
  Activity,
  Bell,
  Boxes,
  CalendarClock,
  CheckCheck,
  FileStack,
  History,
  Layers,
  ListOrdered,
  Network,
  Plug,
  Radio,
  ScrollText,
  Server,
  Settings,
  Waypoints,
  Workflow,
} from "lucide-react"

import { useMemo } from "react"
import { useMe } from "./door"
import { type Role, reaches } from "./roles"

export interface Place {
  readonly path: string
  readonly title: string
  readonly letter: string
  readonly icon: LucideIcon
  /** Only for who has this role; others are told so where they come by its address. */
  readonly role?: Role
}

export const PLACES: ReadonlyArray<{ readonly title: string; readonly places: readonly Place[] }> = [
  {
    title: "",
    places: [
      { path: "/", title: "Now", letter: "n", icon: Activity },
      { path: "/assets", title: "Assets", letter: "a", icon: Boxes },
      { path: "/lineage", title: "Lineage", letter: "l", icon: Network },
      { path: "/pipelines", title: "Pipelines", letter: "p", icon: Workflow },
      { path: "/runs", title: "Runs", letter: "r", icon: Waypoints },
      { path: "/plans", title: "Plans", letter: "x", icon: ListOrdered },
      { path: "/schedules", title: "Schedules", letter: "s", icon: CalendarClock },
      { path: "/backfills", title: "Backfills", letter: "b", icon: History },
    ],
  },
  {
    title: "Work",
    places: [
      { path: "/queue", title: "Queue", letter: "q", icon: Layers },
      { path: "/workers", title: "Workers", letter: "w", icon: Server },
      { path: "/checks", title: "Checks", letter: "c", icon: CheckCheck },
      { path: "/artifacts", title: "Artifacts", letter: "f", icon: FileStack },
    ],
  },
  {
    title: "Watch",
    places: [
      { path: "/incidents", title: "Alerts", letter: "i", icon: Bell },
      { path: "/events", title: "Events", letter: "e", icon: Radio },
      { path: "/audit", title: "Audit", letter: "u", icon: ScrollText, role: "admin" },
      { path: "/connections", title: "Connections", letter: "o", icon: Plug },
      { path: "/settings", title: "Settings", letter: "t", icon: Settings },
    ],
  },
]

/** The pages for who is logged in. */
export function usePlaces(): typeof PLACES {
  const mine = useMe()?.role
  return useMemo(
    () =>
      PLACES.map(({ title, places }) => ({
        title,
        places: places.filter(({ role }) => role === undefined || reaches(mine, role)),
      })),
    [mine],
  )
}
