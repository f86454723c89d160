import { useEffect } from "react"
import { api } from "@/api/client"
import { ArtifactCard } from "@/parts/artifact-view"
import { Empty } from "@/parts/empty"
import { shortName } from "@/parts/gantt/model"
import { Loaded } from "@/parts/loaded"
import classes from "./run.module.css"
import type { TabProps } from "./state"

/** What the run made to be looked at. */
export default function ArtifactsTab({ run, state }: TabProps) {
  const query = api.useQuery("get", "/api/v1/runs/{id}/artifacts", { params: { path: { id: run.id } } })
  const there = query.data !== undefined
  useEffect(() => {
    if (there && state.artifact)
      document.getElementById(`artifact-${state.artifact}`)?.scrollIntoView({ block: "center" })
  }, [there, state.artifact])
  return (
    <Loaded query={query}>
      {({ items }) =>
        items.length === 0 ? (
          <Empty title="This run made nothing to be looked at.">
            A step attaches Markdown, a table, an image, a link or a progress with <code>weft.artifacts</code>
            .
          </Empty>
        ) : (
          <div className={classes.pinned}>
            {items.map((each) => (
              <div key={each.id} id={`artifact-${each.id}`}>
                <ArtifactCard
                  artifact={each}
                  end={`${shortName(each.step)}${each.item ? ` [${each.item}]` : each.partition ? ` [${each.partition}]` : ""}`}
                />
              </div>
            ))}
          </div>
        )
      }
    </Loaded>
  )
}
