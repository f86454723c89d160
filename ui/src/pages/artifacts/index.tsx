import { Button, SegmentedControl } from "@mantine/core"
import { useIntersection } from "@mantine/hooks"
import { FileText, Gauge, Image, Link2, type LucideIcon, Shapes, Table2 } from "lucide-react"
import { useEffect, useState } from "react"
import { api, type Schema } from "@/api/client"
import { paging, useRows } from "@/api/pages"
import { ArtifactContent } from "@/parts/artifact-view"
import { Empty } from "@/parts/empty"
import { Filters, Find } from "@/parts/filters"
import { Loaded } from "@/parts/loaded"
import { Panel } from "@/parts/panel"
import { Time } from "@/parts/time"
import { Page } from "@/shell/page"
import { oneOf, text, useUrlState } from "@/shell/url-state"
import classes from "./artifacts.module.css"
import { ArtifactDrawer } from "./detail"

type Artifact = Schema["ArtifactView"]

const KINDS = ["", "markdown", "table", "image", "plot", "link", "progress"] as const
const fields = { kind: oneOf(KINDS, ""), q: text(), key: text(), version: text() }

const ICONS: Readonly<Record<string, LucideIcon>> = {
  markdown: FileText,
  table: Table2,
  image: Image,
  plot: Shapes,
  link: Link2,
  progress: Gauge,
}

/** What runs made to be looked at: of each key the newest, with a glance at what is in it. */
export default function ArtifactsPage() {
  const [view, setView] = useUrlState(fields)
  const query = api.useInfiniteQuery(
    "get",
    "/api/v1/artifacts",
    {
      params: {
        query: {
          limit: 48,
          ...(view.kind ? { kind: view.kind } : {}),
          ...(view.q ? { q: view.q } : {}),
        },
      },
    },
    paging,
  )
  const { rows, more } = useRows(query)
  const filtered = view.kind !== "" || view.q !== ""
  return (
    <Page title="Artifacts" sub="the newest of each key">
      <Filters>
        <Find
          label="Find an artifact"
          placeholder="Key or description"
          value={view.q}
          onChange={(q) => setView({ q })}
        />
        <SegmentedControl
          aria-label="Kind"
          value={view.kind}
          onChange={(kind) => setView({ kind: kind as (typeof KINDS)[number] })}
          data={KINDS.map((each) => ({
            value: each,
            label: each === "" ? "All" : `${each[0]?.toUpperCase()}${each.slice(1)}`,
          }))}
        />
      </Filters>
      <Loaded query={query}>
        {() =>
          rows.length === 0 ? (
            <Panel>
              {filtered ? (
                <Empty title="No artifact is like that.">Take a filter away.</Empty>
              ) : (
                <Empty title="Nothing was made to be looked at yet." command="weft artifacts">
                  In a task or an asset: <code>artifacts.markdown("# Done", key="report")</code>. Tables,
                  links, pictures and progress go the same way, and stand here as soon as they are made.
                </Empty>
              )}
            </Panel>
          ) : (
            <>
              <ul className={classes.cards}>
                {rows.map((row) => (
                  <Card
                    key={row.key}
                    artifact={row}
                    onOpen={() => setView({ key: row.key, version: "" }, { push: true })}
                  />
                ))}
              </ul>
              {more && (
                <p className={classes.more}>
                  <Button variant="default" onClick={more}>
                    More
                  </Button>
                </p>
              )}
            </>
          )
        }
      </Loaded>
      {view.key && (
        <ArtifactDrawer
          name={view.key}
          version={view.version}
          onVersion={(version) => setView({ version })}
          onClose={() => setView({ key: "", version: "" })}
        />
      )}
    </Page>
  )
}

/** A card asks for its content when it first comes into view. */
function Card({ artifact, onOpen }: { artifact: Artifact; onOpen: () => void }) {
  const { ref, entry } = useIntersection({ rootMargin: "300px" })
  const [seen, setSeen] = useState(false)
  useEffect(() => {
    if (entry?.isIntersecting) setSeen(true)
  }, [entry])
  const Icon = ICONS[artifact.kind] ?? FileText
  return (
    <li ref={ref} className={classes.card}>
      <button type="button" className={classes.open} onClick={onOpen} aria-label={`Open ${artifact.key}`} />
      <header>
        <Icon size={14} aria-hidden="true" />
        <h2 title={artifact.key}>{artifact.key}</h2>
        <span>
          <Time at={artifact.at} />
        </span>
      </header>
      {artifact.description && <p className={classes.description}>{artifact.description}</p>}
      <div className={classes.glance}>{seen && <ArtifactContent artifact={artifact} />}</div>
    </li>
  )
}
