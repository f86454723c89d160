import { Select } from "@mantine/core"
import { useMemo } from "react"
import { api, type Schema } from "@/api/client"
import { asProblem } from "@/api/problem"
import { absolute, useClock } from "@/parts/clock"
import { PatchView } from "@/parts/code-view"
import { Empty, Refusal, Skeleton } from "@/parts/empty"
import { Panel, Section } from "@/parts/panel"
import { text, useUrlState } from "@/shell/url-state"
import { differenceOf } from "./difference"
import classes from "./versions.module.css"
import { VersionsGraph } from "./versions-graph"

const FIELDS = { before: text(), after: text(), near: text(), camera: text() }

type Version = Schema["DefinitionVersionView"]

/** Each version once, at its last time: what was changed and changed back is there twice. */
export function eachOnce(found: readonly Version[]): Version[] {
  const seen = new Set<string>()
  return found.filter(({ version, removed }) => !removed && !seen.has(version) && seen.add(version))
}

/** Two versions of a pipeline as a server recorded them, compared: graph, settings and source. */
export function CompareVersions({ name, versions }: { name: string; versions: readonly Version[] }) {
  const [state, setState] = useUrlState(FIELDS)
  const zone = useClock((clock) => clock.zone)
  const path = { name: `pipeline:${name}` }
  const after = state.after || (versions[0]?.version ?? "")
  const place = versions.findIndex((each) => each.version === after)
  const before = state.before || (versions[place + 1] ?? versions[0])?.version || ""
  const diff = api.useQuery(
    "get",
    "/api/v1/definitions/{name}/diff",
    { params: { path, query: { before, after } } },
    { retry: false },
  )
  const old = api.useQuery(
    "get",
    "/api/v1/definitions/{name}/document",
    { params: { path, query: { version: before } } },
    { retry: false },
  )
  const fresh = api.useQuery(
    "get",
    "/api/v1/definitions/{name}/document",
    { params: { path, query: { version: after } } },
    { retry: false },
  )
  const difference = useMemo(
    () => (old.data && fresh.data ? differenceOf(old.data, fresh.data) : null),
    [old.data, fresh.data],
  )
  const choices = versions.map((each) => ({
    value: each.version,
    label: `${each.version} · ${each.at ? absolute(new Date(each.at), zone, "minute") : "now"}${each.current ? " · in force" : ""}`,
  }))
  const problem = diff.error ?? old.error ?? fresh.error
  return (
    <Section
      title="What changed"
      note={`${versions.length} versions were loaded`}
      actions={
        <>
          <Select
            aria-label="From version"
            data={choices}
            value={before}
            w={270}
            allowDeselect={false}
            onChange={(to) => setState({ before: to ?? "", near: "", camera: "" })}
          />
          <span className={classes.faint}>to</span>
          <Select
            aria-label="To version"
            data={choices}
            value={after}
            w={270}
            allowDeselect={false}
            onChange={(to) => setState({ before, after: to ?? "", near: "", camera: "" })}
          />
        </>
      }
    >
      {problem || diff.data === undefined || difference === null ? (
        <Panel>{problem ? <Refusal problem={asProblem(problem)} /> : <Skeleton rows={6} />}</Panel>
      ) : diff.data.graph.length === 0 && diff.data.source.length === 0 ? (
        <Panel>
          <Empty title="Nothing differs">The two versions have the same steps, settings and functions.</Empty>
        </Panel>
      ) : (
        <div className={classes.stack}>
          {(difference.steps.length > 0 || difference.own.length > 0) && (
            <VersionsGraph name={name} difference={difference} />
          )}
          {diff.data.source.map((each) => (
            <PatchView
              key={each.name}
              patch={each.diff}
              title={each.kind === "changed" ? each.name : `${each.name} ${each.kind}`}
              names={[diff.data.before, diff.data.after]}
            />
          ))}
        </div>
      )}
    </Section>
  )
}
