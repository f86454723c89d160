import { api } from "@/api/client"
import { Loaded } from "@/parts/loaded"
import { Panel } from "@/parts/panel"
import { Facts } from "./facts"

/** What weft.toml and the environment say of how things run. */
export function Project() {
  const query = api.useQuery("get", "/api/v1/settings")
  return (
    <>
      <Panel>
        <Loaded query={query}>
          {(found) => (
            <Facts
              facts={[
                [
                  "Executor",
                  <code key="executor">{found.executor}</code>,
                  "where the steps of a run are carried out",
                ],
                ["Steps at once", found.jobs ?? "as many as there are processors", "in one run"],
                ["On failure", <code key="failure">{found.on_failure}</code>, "what a failed step stops"],
                [
                  "Versions kept",
                  found.keep_versions,
                  "of each partition, beside the current one; gc removes older ones",
                ],
                ["Runs kept", found.keep_runs, "with their logs and values; gc removes older ones"],
                [
                  "Pools",
                  Object.entries(found.pools)
                    .map(([name, slots]) => `${name} ${slots}`)
                    .join(" · ") || "none",
                ],
              ]}
            />
          )}
        </Loaded>
      </Panel>
      <p style={{ marginTop: 12, color: "var(--dim)" }}>
        These come from <code>weft.toml</code> and the environment. The server takes them up when it starts.
      </p>
    </>
  )
}
