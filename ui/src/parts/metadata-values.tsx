import { Link } from "@tanstack/react-router"
import { lazy, Suspense } from "react"
import classes from "./metadata-values.module.css"
import { kindOf, type Value } from "./metadata-words"

const Markdown = lazy(() => import("./artifact-view").then((found) => ({ default: found.Markdown })))

const WIDE: ReadonlySet<Value["kind"]> = new Set(["image", "table", "markdown"])

/** What a version or a check says of itself: numbers, text, tables and pictures, by name. */
export function MetadataValues({ metadata }: { metadata: Readonly<Record<string, unknown>> }) {
  const shown = Object.entries(metadata)
    .map(([name, raw]) => [name, kindOf(name, raw)] as const)
    .filter(([, value]) => value.kind !== "hidden")
  if (shown.length === 0) return null
  return (
    <dl className={classes.values}>
      {shown.map(([name, value]) => (
        <div key={name} className={WIDE.has(value.kind) ? classes.wide : undefined}>
          <dt>{name}</dt>
          <dd>
            <Shown name={name} value={value} />
          </dd>
        </div>
      ))}
    </dl>
  )
}

function Shown({ name, value }: { name: string; value: Value }) {
  switch (value.kind) {
    case "number":
      return <>{value.number.toLocaleString("en-GB", { maximumFractionDigits: 6 })}</>
    case "link":
      return value.href.startsWith("/") ? (
        <Link to={value.href}>{value.href}</Link>
      ) : (
        <a href={value.href} target="_blank" rel="noreferrer">
          {value.href}
        </a>
      )
    case "image":
      return <img className={classes.image} src={value.source} alt={name} loading="lazy" />
    case "code":
      return <pre className={classes.code}>{value.text}</pre>
    case "markdown":
      return (
        <Suspense fallback={<pre className={classes.code}>{value.text}</pre>}>
          <Markdown text={value.text} />
        </Suspense>
      )
    case "table":
      return (
        <div className={classes.scroll}>
          <table className={classes.table}>
            <thead>
              <tr>
                {value.head.map((each) => (
                  <th key={each} scope="col">
                    {each}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {value.rows.map((row, place) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: rows have no name
                <tr key={place}>
                  {row.map((cell, at) => (
                    <td key={value.head[at]} className={/^-?[\d.,]+$/.test(cell) ? classes.right : undefined}>
                      {cell}
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
          {value.more > 0 && (
            <p className={classes.faint}>and {value.more.toLocaleString("en-GB")} more rows</p>
          )}
        </div>
      )
    case "text":
      return <span className={classes.text}>{value.text}</span>
    default:
      return null
  }
}
