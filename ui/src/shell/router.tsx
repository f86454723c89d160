import {
  createRouter as create,
  createRootRoute,
  createRoute,
  lazyRouteComponent,
  type RouteComponent,
} from "@tanstack/react-router"
import { basePath } from "@/api/base"
import { Broken } from "./broken"
import { Frame } from "./frame"
import { Lost } from "./lost"
import { parseSearch, writeSearch } from "./url-state"

const root = createRootRoute({ component: Frame, notFoundComponent: Lost })

function page<const Path extends string>(path: Path, load: () => Promise<{ default: RouteComponent }>) {
  return createRoute({ getParentRoute: () => root, path, component: lazyRouteComponent(load) })
}

const routes = [
  page("/", () => import("@/pages/now")),
  // one route, since a key may have slashes: without a key it is the catalog
  page("/assets/$", () => import("@/pages/assets/route")),
  page("/lineage", () => import("@/pages/lineage")),
  page("/pipelines", () => import("@/pages/pipelines")),
  page("/pipelines/$name", () => import("@/pages/pipeline")),
  page("/runs", () => import("@/pages/runs")),
  page("/runs/compare", () => import("@/pages/compare")),
  page("/runs/$id", () => import("@/pages/run")),
  page("/plans", () => import("@/pages/plans")),
  page("/plan", () => import("@/pages/plan")),
  page("/plans/$id", () => import("@/pages/saved-plan")),
  page("/executions/$id", () => import("@/pages/execution")),
  page("/schedules", () => import("@/pages/schedules")),
  page("/schedules/$name", () => import("@/pages/schedule")),
  page("/backfills", () => import("@/pages/backfills")),
  page("/queue", () => import("@/pages/queue")),
  page("/workers", () => import("@/pages/workers")),
  page("/checks", () => import("@/pages/checks")),
  page("/artifacts", () => import("@/pages/artifacts")),
  page("/incidents", () => import("@/pages/incidents")),
  page("/incidents/$id", () => import("@/pages/incident")),
  page("/connections", () => import("@/pages/connections")),
  page("/events", () => import("@/pages/events")),
  page("/audit", () => import("@/pages/audit")),
  page("/settings", () => import("@/pages/settings")),
]

export function createRouter() {
  return create({
    routeTree: root.addChildren(routes),
    basepath: basePath() || "/",
    parseSearch,
    stringifySearch: writeSearch,
    defaultErrorComponent: Broken,
    defaultPreload: "intent",
    scrollRestoration: true,
    scrollToTopSelectors: ["#main"],
  })
}
