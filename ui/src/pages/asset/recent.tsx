import { Link } from "@tanstack/react-router"
import { api } from "@/api/client"
import { Panel, Section } from "@/parts/panel"
import { StateMark } from "@/parts/state-mark"
import { Time } from "@/parts/time"
import { assetPath, runPath } from "@/shell/links"
import classes from "./asset.module.css"
import { burstsOf } from "./recent-words"
import type { Asset } from "./state"

/** So many of the latest versions are told, by the runs that made them. */
const LATEST = 500

/** What made it lately: one line for each run, however many partitions that made. */
export function Recent({ asset }: { asset: Asset }) {
  const history = api.useQuery("get", "/api/v1/assets/{key}/history", {
    params: { path: { key: asset.key }, query: { limit: LATEST } },
  })
  if (!history.data || history.data.items.length === 0) return null
  const bursts = burstsOf(history.data.items, history.data.next !== null)
  return (
    <Section title="Lately" actions={<Link to={assetPath(asset.key, { tab: "history" })}>History</Link>}>
      <Panel>
        {bursts.slice(0, 8).map((each) => (
          <div key={each.key} className={classes.near}>
            <StateMark state={each.rejected === each.count ? "rejected" : "fresh"} label="" />
            <span>
              {each.run ? (
                <Link to={runPath(each.run)}>
                  run <code>{each.run.slice(0, 8)}</code>
                </Link>
              ) : (
                "reported"
              )}{" "}
              {each.words}
              {each.rejected > 0 && (
                <span className={classes.faint}>, {each.rejected} of them rejected by a check</span>
              )}
            </span>
            <Time at={each.at} />
          </div>
        ))}
      </Panel>
    </Section>
  )
}
