import { Select } from "@mantine/core"
import { Link } from "@tanstack/react-router"
import { api, type Schema } from "@/api/client"
import { asProblem } from "@/api/problem"
import { absolute, useClock } from "@/parts/clock"
import { Empty, Skeleton } from "@/parts/empty"
import { Loaded } from "@/parts/loaded"
import { Panel, Section } from "@/parts/panel"
import { schedulePath } from "@/shell/links"
import { text, useUrlState } from "@/shell/url-state"
import classes from "./asset.module.css"
import { Condition } from "./condition"
import { Difference, Source } from "./source"
import type { Asset } from "./state"

const CODE = { version: text(), against: text() }

/** The version before the one that is shown, whichever that is. */
const PREVIOUS = "previous"

/** The code of an asset by version, what changed between two, and what its definition says. */
export default function Code({ asset }: { asset: Asset }) {
  const [shown, set] = useUrlState(CODE)
  const zone = useClock((clock) => clock.zone)
  const name = `asset:${asset.key}`
  const versions = api.useQuery("get", "/api/v1/definitions/{name}/versions", { params: { path: { name } } })
  if (versions.error && asProblem(versions.error).status === 404) return <Unrecorded asset={asset} />
  const known = onlyNewest(versions.data?.items.filter((each) => !each.removed) ?? [])
  const choices = known.map((each) => ({
    value: each.version,
    label: `${each.version} · ${each.at ? absolute(new Date(each.at), zone, "minute") : "now"}${each.current ? " · in force" : ""}`,
  }))
  const version = shown.version || (known[0]?.version ?? "")
  const place = known.findIndex((each) => each.version === version)
  const against = shown.against === PREVIOUS ? (known[place + 1]?.version ?? "") : shown.against
  return (
    <>
      <Section
        title={against ? "What changed" : "Source"}
        note={known.length === 1 ? "the only version that was loaded so far" : `${known.length} versions`}
        actions={
          known.length > 0 && (
            <>
              <Select
                aria-label="Version"
                data={choices}
                value={version}
                onChange={(next) => set({ version: next && next !== known[0]?.version ? next : "" })}
                allowDeselect={false}
                w={270}
              />
              {known.length > 1 && (
                <Select
                  aria-label="Compared with"
                  placeholder="Compare with…"
                  data={choices.filter((each) => each.value !== version)}
                  value={against || null}
                  onChange={(next) => set({ against: next ?? "" })}
                  clearable
                  w={270}
                />
              )}
            </>
          )
        }
      >
        {versions.isPending ? (
          <Skeleton rows={6} />
        ) : against ? (
          <Difference name={name} before={against} after={version} />
        ) : (
          <Source name={name} version={version} />
        )}
      </Section>
      <Definition asset={asset} name={name} version={version} />
    </>
  )
}

/** Each version once, at its last time: code that was changed and changed back is there twice. */
function onlyNewest(found: ReadonlyArray<Schema["DefinitionVersionView"]>) {
  const seen = new Set<string>()
  return found.filter(({ version }) => !seen.has(version) && seen.add(version))
}

function Unrecorded({ asset }: { asset: Asset }) {
  return (
    <Panel>
      <Empty title="Its code is not recorded" command="weft dev">
        {asset.kind === "external"
          ? "It is made elsewhere, so there is no code here."
          : "A server records each version of the code as it loads it."}
      </Empty>
    </Panel>
  )
}

/** What the definition says beside the code: what it reads, how it is run, when it is due. */
function Definition({ asset, name, version }: { asset: Asset; name: string; version: string }) {
  const query = api.useQuery(
    "get",
    "/api/v1/definitions/{name}/document",
    { params: { path: { name }, query: version ? { version } : {} } },
    { enabled: version !== "" },
  )
  return (
    <>
      {asset.freshness && (
        <Section title="Freshness" note="how late it may be">
          <Panel padded>
            <Fields value={asset.freshness} />
          </Panel>
        </Section>
      )}
      {asset.automations.map((id) => (
        <Automation key={id} id={id} />
      ))}
      <Section title="Definition">
        <Panel padded>
          <Loaded query={query} skeleton={<Skeleton rows={5} />}>
            {(document) => <Fields value={rest(document)} />}
          </Loaded>
        </Panel>
      </Section>
    </>
  )
}

/** Its automation condition as a tree, with what holds at this moment. */
function Automation({ id }: { id: string }) {
  const query = api.useQuery("get", "/api/v1/automations/{id}/explain", { params: { path: { id } } })
  return (
    <Section title="Automation" actions={<Link to={schedulePath(id)}>History</Link>}>
      <Panel padded>
        <Loaded query={query} skeleton={<Skeleton rows={3} />}>
          {(found: Schema["ExplainView"]) => (
            <>
              <p>
                {found.automation.when}:{" "}
                {found.asks
                  ? `asks for ${found.asks} now`
                  : found.automation.reason || "asks for nothing now"}
                {found.held_back ? `, held back: ${found.held_back}` : ""}
              </p>
              {found.condition && <Condition of={found.condition} />}
            </>
          )}
        </Loaded>
      </Panel>
    </Section>
  )
}

/** What the page says already is left out of the definition. */
function rest(document: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const step = (document.step ?? {}) as Record<string, unknown>
  const asset = (document.asset ?? {}) as Record<string, unknown>
  const said = new Set(["key", "description", "owners", "kinds", "step", "group", "tags", "outputs", "code"])
  const left = (from: Record<string, unknown>) => Object.entries(from).filter((each) => !said.has(each[0]))
  return Object.fromEntries([...left(asset), ...left(step).filter((each) => each[0] !== "partitions")])
}

function Fields({ value }: { value: Readonly<Record<string, unknown>> }) {
  return (
    <dl className={classes.fields}>
      {Object.entries(value).map(([name, each]) => (
        <div key={name}>
          <dt>{name.replaceAll("_", " ")}</dt>
          <dd>
            <Nested value={each} />
          </dd>
        </div>
      ))}
    </dl>
  )
}

function Nested({ value }: { value: unknown }) {
  if (value === null || value === undefined) return <span className={classes.faint}>none</span>
  if (Array.isArray(value))
    return value.every((each) => typeof each !== "object") ? (
      value.join(", ") || "none"
    ) : (
      <ul className={classes.plain}>
        {value.map((each) => (
          <li key={JSON.stringify(each)}>
            <Nested value={each} />
          </li>
        ))}
      </ul>
    )
  if (typeof value === "object")
    return (
      <>
        {Object.entries(value).map(([name, each]) => (
          <span key={name} className={classes.pair}>
            <span className={classes.faint}>{name.replaceAll("_", " ")}</span> <Nested value={each} />
          </span>
        ))}
      </>
    )
  return <>{typeof value === "boolean" ? (value ? "yes" : "no") : String(value)}</>
}
