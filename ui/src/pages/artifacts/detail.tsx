import { Button, Drawer } from "@mantine/core"
import { Link } from "@tanstack/react-router"
import { api, apiUrl, type Schema } from "@/api/client"
import { paging, useRows } from "@/api/pages"
import { ArtifactContent } from "@/parts/artifact-view"
import { Loaded } from "@/parts/loaded"
import { Time } from "@/parts/time"
import { assetPath, runPath } from "@/shell/links"
import classes from "./artifacts.module.css"

type Artifact = Schema["ArtifactView"]

interface DrawerProps {
  readonly name: string
  /** The number of the version that is looked at; the newest for "". */
  readonly version: string
  readonly onVersion: (version: string) => void
  readonly onClose: () => void
}

/** One artifact whole, and the versions of its key before it. */
export function ArtifactDrawer({ name, version, onVersion, onClose }: DrawerProps) {
  const query = api.useInfiniteQuery(
    "get",
    "/api/v1/artifacts",
    { params: { query: { key: name, every: true, limit: 50 } } },
    paging,
  )
  const { rows, more } = useRows(query)
  const linked = api.useQuery(
    "get",
    "/api/v1/artifacts/{id}",
    { params: { path: { id: version } } },
    { enabled: version !== "" && !rows.some((each) => String(each.id) === version) },
  )
  const shown = version ? (rows.find((each) => String(each.id) === version) ?? linked.data) : rows[0]
  return (
    <Drawer opened onClose={onClose} position="right" size="min(820px, 94vw)" title={name}>
      <Loaded query={query}>
        {() =>
          shown ? (
            <>
              <About artifact={shown} />
              <div className={classes.whole}>
                <ArtifactContent artifact={shown} />
              </div>
              {rows.length > 1 && (
                <History rows={rows} shown={shown.id} newest={rows[0]?.id} onVersion={onVersion} />
              )}
              {more && (
                <p className={classes.more}>
                  <Button variant="default" onClick={more}>
                    Older ones
                  </Button>
                </p>
              )}
            </>
          ) : (
            <p className={classes.description}>There is no artifact of this key.</p>
          )
        }
      </Loaded>
    </Drawer>
  )
}

function About({ artifact }: { artifact: Artifact }) {
  return (
    <>
      {artifact.description && <p>{artifact.description}</p>}
      <p className={classes.about}>
        <span>
          {artifact.kind} by <code>{artifact.step}</code>
          {artifact.partition && ` ${artifact.partition}`} in{" "}
          <Link to={runPath(artifact.run)} className="mono">
            {artifact.run.slice(0, 8)}
          </Link>
          {artifact.asset && (
            <>
              , of <Link to={assetPath(artifact.asset)}>{artifact.asset}</Link>
            </>
          )}
          , <Time at={artifact.at} />
        </span>
        <a
          href={apiUrl(`/artifacts/${artifact.id}/content`, { source: "true" })}
          target="_blank"
          rel="noreferrer"
        >
          As it is stored
        </a>
      </p>
    </>
  )
}

interface HistoryProps {
  readonly rows: readonly Artifact[]
  readonly shown: number
  readonly newest: number | undefined
  readonly onVersion: (version: string) => void
}

function History({ rows, shown, newest, onVersion }: HistoryProps) {
  return (
    <section aria-label="History">
      <h3 className={classes.title}>History</h3>
      <ol className={classes.history}>
        {rows.map((each) => (
          <li key={each.id} data-shown={each.id === shown || undefined}>
            <button
              type="button"
              aria-pressed={each.id === shown}
              onClick={() => onVersion(each.id === newest ? "" : String(each.id))}
            >
              <Time at={each.at} />
              <span>{each.partition}</span>
              <span className="mono">{each.run.slice(0, 8)}</span>
            </button>
          </li>
        ))}
      </ol>
    </section>
  )
}
