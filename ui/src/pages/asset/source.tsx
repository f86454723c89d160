import { api } from "@/api/client"
import { CodeView, PatchView } from "@/parts/code-view"
import { Empty, Skeleton } from "@/parts/empty"
import { Loaded } from "@/parts/loaded"
import { Panel } from "@/parts/panel"
import classes from "./asset.module.css"

/** The functions of a version as they were when it was loaded: its own first, then what it uses. */
export function Source({ name, version }: { name: string; version: string }) {
  const query = api.useQuery("get", "/api/v1/definitions/{name}/source", {
    params: { path: { name }, query: version ? { version } : {} },
  })
  return (
    <Loaded query={query} skeleton={<Skeleton rows={6} />}>
      {({ items }) =>
        items.length === 0 ? (
          <Panel>
            <Empty title="No code of this project stands behind it" />
          </Panel>
        ) : (
          <div className={classes.sources}>
            {items.map((each) => (
              <CodeView
                key={each.name}
                code={each.text}
                language="python"
                title={each.name}
                label={each.name}
              />
            ))}
          </div>
        )
      }
    </Loaded>
  )
}

/** What differs between two versions: fields of the definition, and source line by line. */
export function Difference({ name, before, after }: { name: string; before: string; after: string }) {
  const query = api.useQuery("get", "/api/v1/definitions/{name}/diff", {
    params: { path: { name }, query: { before, after } },
  })
  return (
    <Loaded query={query} skeleton={<Skeleton rows={6} />}>
      {(found) =>
        found.graph.length === 0 && found.source.length === 0 ? (
          <Panel>
            <Empty title="Nothing differs" />
          </Panel>
        ) : (
          <div className={classes.sources}>
            {found.graph.length > 0 && (
              <Panel>
                <table className={classes.compared}>
                  <thead>
                    <tr>
                      <th scope="col">Field</th>
                      <th scope="col">{found.before}</th>
                      <th scope="col">{found.after}</th>
                    </tr>
                  </thead>
                  <tbody>
                    {found.graph.map((each) => (
                      <tr key={each.path}>
                        <th scope="row">{each.path.replaceAll("/", " › ")}</th>
                        <td>{said(each.before)}</td>
                        <td>{said(each.after)}</td>
                      </tr>
                    ))}
                  </tbody>
                </table>
              </Panel>
            )}
            {found.source.map((each) => (
              <PatchView
                key={each.name}
                patch={each.diff}
                title={each.kind === "changed" ? each.name : `${each.name} ${each.kind}`}
                names={[found.before, found.after]}
              />
            ))}
          </div>
        )
      }
    </Loaded>
  )
}

function said(value: unknown): string {
  if (value === null || value === undefined) return "–"
  return typeof value === "string" ? value : JSON.stringify(value)
}
