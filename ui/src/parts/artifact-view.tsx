import { useQuery } from "@tanstack/react-query"
import { apiUrl, type Schema } from "@/api/client"
import { asProblem, Problem, type ProblemBody } from "@/api/problem"
import classes from "./artifact-view.module.css"
import { Refusal, Skeleton } from "./empty"
import { MarkdownView, webAddress } from "./markdown-view"

export type Artifact = Pick<Schema["ArtifactView"], "id" | "key" | "kind" | "description">

interface ViewProps {
  readonly artifact: Artifact
  /** Only so many rows of a table. */
  readonly rows?: number
}

/** What is in an artifact: markdown, a table, a link, a picture, how far something is. */
export function ArtifactView({ artifact, rows }: ViewProps) {
  const address = apiUrl(`/artifacts/${artifact.id}/content`)
  const picture = artifact.kind === "image" || artifact.kind === "plot"
  const content = useQuery({
    // a version never changes
    queryKey: ["artifact", artifact.id],
    queryFn: ({ signal }) => contentOf(address, signal),
    staleTime: Number.POSITIVE_INFINITY,
    placeholderData: undefined,
    enabled: !picture,
  })
  if (picture)
    return (
      <img
        className={classes.image}
        src={address}
        alt={artifact.description || artifact.key}
        loading="lazy"
      />
    )
  if (content.error) return <Refusal problem={asProblem(content.error)} />
  if (content.data === undefined) return <Skeleton rows={3} height={22} />
  return <Shown kind={artifact.kind} content={content.data} address={address} {...(rows ? { rows } : {})} />
}

interface Content {
  readonly type: string
  readonly text: string
}

async function contentOf(address: string, signal: AbortSignal): Promise<Content> {
  const response = await fetch(address, { signal })
  const type = (response.headers.get("content-type") ?? "").split(";", 1)[0] ?? ""
  if (!response.ok)
    throw new Problem(response.status, type.includes("json") ? ((await response.json()) as ProblemBody) : {})
  return { type, text: type.startsWith("image/") ? "" : await response.text() }
}

function Shown({
  kind,
  content,
  address,
  rows,
}: {
  kind: string
  content: Content
  address: string
  rows?: number
}) {
  if (content.type.startsWith("image/"))
    return <img className={classes.image} src={address} alt="" loading="lazy" />
  if (content.type === "text/html") return <MarkdownView html={content.text} />
  if (content.type !== "application/json") return <pre className={classes.text}>{content.text}</pre>
  const value: unknown = JSON.parse(content.text)
  if (kind === "progress" && typeof value === "number") return <Progress value={value} />
  if (kind === "link") return <LinkTo value={value} />
  if (kind === "table") return <Rows value={value} most={rows ?? 500} />
  return <pre className={classes.text}>{JSON.stringify(value, null, 2)}</pre>
}

function Progress({ value }: { value: number }) {
  const told = `${value.toLocaleString("en-GB", { maximumFractionDigits: 1 })} %`
  return (
    <div className={classes.progress}>
      <progress max={100} value={value} aria-label={told} />
      <span>{told}</span>
    </div>
  )
}

function LinkTo({ value }: { value: unknown }) {
  const found = value as { url?: unknown; text?: unknown } | null
  const url = typeof found?.url === "string" ? found.url : ""
  const words = typeof found?.text === "string" && found.text ? found.text : url
  const address = webAddress(url)
  if (address === undefined) return <span>{url}</span>
  return (
    <p>
      <a className={classes.link} href={address} target="_blank" rel="noopener noreferrer nofollow">
        {words}
      </a>
      {words !== url && <span className={classes.address}>{url}</span>}
    </p>
  )
}

function Rows({ value, most }: { value: unknown; most: number }) {
  const found = value as { columns?: unknown; rows?: unknown } | null
  const columns = Array.isArray(found?.columns) ? found.columns.map(String) : []
  const rows = Array.isArray(found?.rows) ? (found.rows as unknown[][]) : []
  return (
    <div className={classes.scroll}>
      <table>
        <thead>
          <tr>
            {columns.map((each) => (
              <th key={each} scope="col">
                {each}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.slice(0, most).map((row, at) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: rows have no name
            <tr key={at}>
              {row.map((cell, place) => (
                <td key={columns[place]} className={typeof cell === "number" ? classes.number : undefined}>
                  {written(cell)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {rows.length > most && (
        <p className={classes.address}>and {(rows.length - most).toLocaleString("en-GB")} more rows</p>
      )}
    </div>
  )
}

function written(value: unknown): string {
  if (value === null || value === undefined) return ""
  if (typeof value === "number") return value.toLocaleString("en-GB", { maximumFractionDigits: 6 })
  return typeof value === "string" ? value : JSON.stringify(value)
}
