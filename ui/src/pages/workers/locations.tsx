import { Button } from "@mantine/core"
import { api, type Schema } from "@/api/client"
import { Loaded } from "@/parts/loaded"
import { Panel } from "@/parts/panel"
import { StateWord } from "@/parts/state-mark"
import { Time } from "@/parts/time"
import { useMay } from "@/shell/door"
import classes from "./workers.module.css"

type Location = Schema["LocationView"]

const STATES: Readonly<Record<string, string>> = { loaded: "fresh", failed: "failed", loading: "running" }

/** Each location: whether it loads, since when, and if not, why. */
export function Locations() {
  const query = api.useQuery("get", "/api/v1/locations")
  return (
    <Panel>
      <Loaded query={query}>
        {({ items }) => items.map((each) => <Place key={each.name} location={each} />)}
      </Loaded>
    </Panel>
  )
}

function Place({ location }: { location: Location }) {
  const may = useMay("operator")
  const reload = api.useMutation("post", "/api/v1/locations/{name}/reload")
  const counts = Object.entries(location.definitions).filter(
    ([, count]) => typeof count === "number" && count > 0,
  )
  return (
    <div className={classes.location}>
      <div>
        <p className={classes.name}>
          {location.name}
          <StateWord state={STATES[location.state] ?? location.state}>{location.state}</StateWord>
        </p>
        <p className={classes.facts}>
          {[location.source, ...counts.map(([kind, count]) => `${count} ${kind}${count === 1 ? "" : "s"}`)]
            .filter(Boolean)
            .join(" · ")}
          {location.loaded_at && (
            <>
              {" · loaded "}
              <Time at={location.loaded_at} />
            </>
          )}
          {location.failed_at && location.state === "failed" && (
            <>
              {" · the last good version counts, failed "}
              <Time at={location.failed_at} />
            </>
          )}
        </p>
      </div>
      {may && (
        <Button
          variant="default"
          size="compact-xs"
          loading={reload.isPending}
          aria-label={`Reload ${location.name}`}
          onClick={() => reload.mutate({ params: { path: { name: location.name } } })}
        >
          Reload
        </Button>
      )}
      {location.problems.map((problem) => (
        <div
          key={`${problem.file}:${problem.line} ${problem.message}`}
          className={classes.problem}
          role="alert"
        >
          {problem.file && (
            <code>
              {problem.file}
              {problem.line ? `:${problem.line}` : ""}
            </code>
          )}
          <pre>{problem.message}</pre>
          {problem.remedy && <p>{problem.remedy}</p>}
        </div>
      ))}
    </div>
  )
}
