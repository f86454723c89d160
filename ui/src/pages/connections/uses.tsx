import { Link } from "@tanstack/react-router"
import { api, type Schema } from "@/api/client"
import { Loaded } from "@/parts/loaded"
import { Section } from "@/parts/panel"
import { assetPath, pipelinePath } from "@/shell/links"
import classes from "./connections.module.css"

type Use = Schema["UseView"]

/** What names a connection: whoever changes it sees what that reaches. */
export function Uses({ name }: { name: string }) {
  const query = api.useQuery("get", "/api/v1/connections/{name}/uses", { params: { path: { name } } })
  return (
    <Section title="Used by" note={query.data && counted(query.data.items.length)}>
      <Loaded query={query}>
        {({ items }) =>
          items.length === 0 ? (
            <p className={classes.faint}>
              No code that is loaded names it, and no alert channel. A name that is put together while code
              runs is not seen.
            </p>
          ) : (
            <ul className={classes.uses}>
              {items.map((each) => (
                <li key={`${each.kind} ${each.name} ${each.step} ${each.function}`}>
                  <span className={classes.faint}>{KINDS[each.kind]}</span>
                  <span>
                    <Link to={pathOf(each)}>{each.name}</Link>
                    {each.step && <span> · {each.step}</span>}
                  </span>
                  <span className={classes.faint}>{each.function && <code>{each.function}</code>}</span>
                </li>
              ))}
            </ul>
          )
        }
      </Loaded>
    </Section>
  )
}

const KINDS: Readonly<Record<Use["kind"], string>> = {
  asset: "asset",
  pipeline: "pipeline",
  channel: "alert channel",
}

function pathOf(use: Use): string {
  switch (use.kind) {
    case "asset":
      return assetPath(use.name)
    case "pipeline":
      return pipelinePath(use.name)
    case "channel":
      return "/incidents?tab=rules"
  }
}

function counted(count: number): string {
  return count === 0 ? "nobody" : `${count} ${count === 1 ? "place" : "places"}`
}
