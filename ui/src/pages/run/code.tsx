import { SegmentedControl } from "@mantine/core"
import { useState } from "react"
import { api } from "@/api/client"
import { CodeView, DiffView } from "@/parts/code-view"
import { Empty } from "@/parts/empty"
import { Loaded } from "@/parts/loaded"
import classes from "./run.module.css"
import type { TabProps } from "./state"

/** The source that ran, and what of it is another one now. */
export default function CodeTab({ run }: TabProps) {
  const query = api.useQuery("get", "/api/v1/runs/{id}/code", { params: { path: { id: run.id } } })
  const [shown, setShown] = useState<"all" | "changed" | null>(null)
  return (
    <Loaded query={query}>
      {(code) => {
        const changed = code.items.filter((each) => each.changed)
        const which = shown ?? (changed.length > 0 ? "changed" : "all")
        if (code.items.length === 0)
          return (
            <Empty title="The source of this run is not kept.">
              Sources are kept from the first run under a server on.
            </Empty>
          )
        return (
          <>
            <div style={{ display: "flex", gap: 14, alignItems: "center", marginBottom: 12 }}>
              <SegmentedControl
                aria-label="Which code"
                data={[
                  { value: "all", label: `As it ran (${code.items.length})` },
                  { value: "changed", label: `Changed since (${changed.length})` },
                ]}
                value={which}
                onChange={(value) => setShown(value as "all" | "changed")}
              />
              <span className={classes.dim}>
                {code.version && (
                  <>
                    version <span className={classes.mono}>{code.version}</span> ·{" "}
                  </>
                )}
                {changed.length === 0
                  ? "the same as what is in force now"
                  : `${changed.length} of ${code.items.length} are different now`}
              </span>
            </div>
            {which === "all"
              ? code.items.map((each) => (
                  <CodeView
                    key={each.name}
                    code={each.source}
                    language="python"
                    title={each.name}
                    note={each.changed ? (each.now === null ? "removed since" : "changed since") : undefined}
                  />
                ))
              : changed.map((each) => (
                  <DiffView
                    key={each.name}
                    before={each.source}
                    after={each.now ?? ""}
                    language="python"
                    title={each.name}
                    names={["this run", each.now === null ? "removed" : "now"]}
                  />
                ))}
            {which === "changed" && changed.length === 0 && (
              <Empty title="Nothing of it has changed since." />
            )}
          </>
        )
      }}
    </Loaded>
  )
}
