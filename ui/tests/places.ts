/** Every page that there is, with something real on it. */
import type { Schema } from "../src/api/client"
import type { Server } from "./servers/weft"

export interface Place {
  readonly name: string
  readonly path: string
}

interface Items<T> {
  readonly items: readonly T[]
}

/** The pages of the sidebar, then those of things and their tabs, found by asking the server what there is. */
export async function places(server: Server): Promise<readonly Place[]> {
  const runs = await server.call<Items<Schema["RunView"]>>("GET", "/runs?limit=200")
  const ended = runs.items.filter((each) => each.outcome === "succeeded")
  const of = (pipeline: string) => ended.find((each) => each.pipeline === pipeline)?.id ?? ""
  const failed = runs.items.find((each) => each.outcome === "failed")?.id ?? ""
  const report = runs.items.find((each) => each.pipeline === null)?.id ?? ""
  const dag = of("monthly_report_dag")
  const [one, other] = runs.items
    .filter((each) => each.pipeline === "monthly_report_dag")
    .map((each) => each.id)
  const tabs = (name: string, path: string, all: readonly string[]) =>
    all.map((tab) => ({ name: `${name}-${tab}`, path: `${path}?tab=${tab}` }))
  return [
    { name: "now", path: "/" },
    { name: "assets", path: "/assets" },
    { name: "lineage", path: "/lineage" },
    { name: "pipelines", path: "/pipelines" },
    { name: "runs", path: "/runs" },
    { name: "plans", path: "/plans" },
    { name: "plan", path: "/plan?select=monthly_report&partitions=2012-01..2013-02" },
    { name: "schedules", path: "/schedules" },
    { name: "backfills", path: "/backfills" },
    { name: "queue", path: "/queue" },
    { name: "workers", path: "/workers" },
    { name: "checks", path: "/checks" },
    { name: "artifacts", path: "/artifacts" },
    { name: "alerts", path: "/incidents" },
    { name: "events", path: "/events" },
    { name: "audit", path: "/audit" },
    { name: "connections", path: "/connections" },
    { name: "settings", path: "/settings" },
    ...tabs("settings", "/settings", ["project", "server", "tokens", "users"]),
    { name: "asset", path: "/assets/processed_trades" },
    ...tabs("asset", "/assets/processed_trades", ["partitions", "versions", "checks", "code", "lineage"]),
    { name: "asset-history", path: "/assets/drawdowns?tab=history" },
    { name: "pipeline", path: "/pipelines/monthly_report_dag" },
    { name: "pipeline-mapped", path: "/pipelines/monthly_report_dag?open=metrics" },
    ...tabs("pipeline", "/pipelines/monthly_report_dag", ["graph", "runs", "code"]),
    { name: "run", path: `/runs/${dag}` },
    ...tabs("run", `/runs/${dag}`, ["graph", "values", "events", "code"]),
    { name: "run-logs", path: `/runs/${failed}?tab=logs` },
    { name: "run-of-assets", path: `/runs/${report}` },
    { name: "run-of-a-flow", path: `/runs/${of("vendor_watch")}?tab=artifacts` },
    { name: "compare", path: `/runs/compare?a=${one}&b=${other}` },
    { name: "schedule", path: "/schedules/schedule:after_the_close" },
  ]
}
