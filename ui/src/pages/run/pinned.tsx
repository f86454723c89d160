import { Button } from "@mantine/core"
import { api } from "@/api/client"
import classes from "./run.module.css"
import type { Run, TabProps } from "./state"

/** What the run made to be looked at, in one line above its timeline. */
export function Pinned({ run, set }: { run: Run; set: TabProps["set"] }) {
  const query = api.useQuery("get", "/api/v1/runs/{id}/artifacts", { params: { path: { id: run.id } } })
  const made = (query.data?.items ?? []).filter((each) => each.latest)
  if (made.length === 0) return null
  return (
    <div style={{ display: "flex", gap: 8, flexWrap: "wrap", marginBottom: 10 }}>
      {made.slice(0, 8).map((each) => (
        <Button
          key={each.id}
          variant="default"
          size="compact-sm"
          title={each.description}
          onClick={() => set({ tab: "artifacts", artifact: String(each.id) }, { push: true })}
        >
          <span className={classes.faint}>{each.kind}&nbsp;</span> {each.key}
        </Button>
      ))}
      {made.length > 8 && (
        <Button variant="subtle" size="compact-sm" onClick={() => set({ tab: "artifacts" }, { push: true })}>
          {made.length - 8} more
        </Button>
      )}
    </div>
  )
}
