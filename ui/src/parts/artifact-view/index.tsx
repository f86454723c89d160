import { Progress } from "@mantine/core"
import { useQuery } from "@tanstack/react-query"
import { Fragment, type ReactNode } from "react"
import { apiUrl, type Schema } from "@/api/client"
import { asProblem, Problem, type ProblemBody } from "@/api/problem"
import { CodeView } from "@/parts/code-view"
import { Refusal, Skeleton } from "@/parts/empty"
import { Time } from "@/parts/time"
import classes from "./artifact.module.css"
import { type Block, type Inline, isSafe, readMarkdown } from "./markdown"

type Artifact = Schema["ArtifactView"]

/** An artifact in a frame with its key, what it is and when it was made. `end` is said in place of the time. */
export function ArtifactCard({ artifact, end }: { artifact: Artifact; end?: ReactNode }) {
  const flush = artifact.kind === "table"
  return (
    <article className={classes.card} aria-label={artifact.key}>
      <header className={classes.bar}>
        <h2>{artifact.key}</h2>
        {artifact.description && <span className={classes.note}>{artifact.description}</span>}
        <span className={classes.end}>{end ?? <Time at={artifact.at} />}</span>
      </header>
      <div
        className={flush ? `${classes.body} ${classes.flush}` : classes.body}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by the keyboard
        tabIndex={0}
        role="region"
        aria-label={`Content of ${artifact.key}`}
      >
        <ArtifactContent artifact={artifact} />
      </div>
    </article>
  )
}

/** What is in an artifact. */
export function ArtifactContent({
  artifact,
}: {
  artifact: Pick<Artifact, "id" | "kind" | "key" | "description">
}) {
  const { id, kind, key, description } = artifact
  const query = useQuery({
    queryKey: ["artifact-content", id],
    // a version of an artifact never changes
    staleTime: Number.POSITIVE_INFINITY,
    queryFn: () => contentOf(id, kind),
  })
  if (query.error) return <Refusal problem={asProblem(query.error)} retry={() => void query.refetch()} />
  if (query.data === undefined) return <Skeleton rows={3} height={24} />
  const { type, text } = query.data
  if (type.startsWith("image/"))
    return <img src={apiUrl(`/artifacts/${id}/content`)} alt={description || key} loading="lazy" />
  if (kind === "markdown") return <Markdown text={text} />
  const value = parsed(text)
  if (kind === "progress") return <Bar value={Number(value)} label={description || key} />
  if (kind === "link" && isLink(value))
    return isSafe(value.url) ? (
      <a className={classes.link} href={value.url} target="_blank" rel="noreferrer noopener">
        {value.text || value.url}
      </a>
    ) : (
      <code>{value.url}</code>
    )
  if (kind === "image" && isLink(value))
    return <img src={value.url} alt={description || key} loading="lazy" />
  if (isTable(value)) return <Rows table={value} />
  return (
    <CodeView
      code={value === undefined ? text : JSON.stringify(value, null, 2)}
      language="json"
      title={kind}
    />
  )
}

async function contentOf(id: number, kind: string): Promise<{ type: string; text: string }> {
  const answer = await fetch(
    apiUrl(`/artifacts/${id}/content`, kind === "markdown" ? { source: "true" } : {}),
  )
  const type = answer.headers.get("content-type") ?? ""
  if (!answer.ok)
    throw new Problem(answer.status, type.includes("json") ? ((await answer.json()) as ProblemBody) : {})
  return { type, text: type.startsWith("image/") ? "" : await answer.text() }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // not JSON: it is shown as the text that it is
    return undefined
  }
}

interface Table {
  readonly columns: readonly string[]
  readonly rows: ReadonlyArray<readonly unknown[]>
}

function isTable(value: unknown): value is Table {
  return typeof value === "object" && value !== null && "columns" in value && "rows" in value
}

function isLink(value: unknown): value is { url: string; text?: string } {
  return typeof value === "object" && value !== null && typeof (value as { url?: unknown }).url === "string"
}

function Bar({ value, label }: { value: number; label: string }) {
  return (
    <div style={{ display: "flex", gap: 12, alignItems: "center" }}>
      <Progress value={value} size="sm" style={{ flex: 1 }} aria-label={label} />
      <span>{Math.round(value)} %</span>
    </div>
  )
}

const MOST_ROWS = 500

function Rows({ table }: { table: Table }) {
  return (
    <>
      <table className={classes.table}>
        <thead>
          <tr>
            {table.columns.map((each, at) => (
              <th key={each} data-number={isNumber(table.rows[0]?.[at]) || undefined}>
                {each}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {table.rows.slice(0, MOST_ROWS).map((row, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: rows have no other name than their place
            <tr key={index}>
              {table.columns.map((column, at) => (
                <td key={column} data-number={isNumber(row[at]) || undefined}>
                  {shown(row[at])}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {table.rows.length > MOST_ROWS && (
        <p className={classes.note} style={{ padding: "8px 14px" }}>
          The first {MOST_ROWS} of {table.rows.length.toLocaleString("en")} rows.
        </p>
      )}
    </>
  )
}

function isNumber(value: unknown): boolean {
  return typeof value === "number"
}

function shown(value: unknown): string {
  if (value === null || value === undefined) return "–"
  return typeof value === "string" ? value : JSON.stringify(value)
}

/** Markdown as elements; HTML in it is text. */
export function Markdown({ text }: { text: string }) {
  const found = readMarkdown(text)
  return <div className={classes.text}>{blocks(found, headingLevels(found))}</div>
}

/** Which levels of headings a text has, the highest first: its headings go on from those of the page, none left out. */
function headingLevels(found: readonly Block[]): readonly number[] {
  const levels = found.flatMap((block) => (block.kind === "heading" ? [block.level] : []))
  return [...new Set(levels)].sort((one, other) => one - other)
}

function blocks(found: readonly Block[], levels: readonly number[] = []): ReactNode {
  // biome-ignore lint/suspicious/noArrayIndexKey: blocks have no other name than their place
  return found.map((block, at) => <Fragment key={at}>{blockOf(block, levels)}</Fragment>)
}

function blockOf(block: Block, levels: readonly number[]): ReactNode {
  switch (block.kind) {
    case "heading": {
      const Heading = (["h3", "h4", "h5"] as const)[levels.indexOf(block.level)] ?? "h5"
      return <Heading>{spans(block.of)}</Heading>
    }
    case "paragraph":
      return <p>{spans(block.of)}</p>
    case "code":
      return <pre>{block.text}</pre>
    case "quote":
      return <blockquote>{blocks(block.of)}</blockquote>
    case "list": {
      const List = block.ordered ? "ol" : "ul"
      return (
        <List>
          {block.items.map((item, at) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: items have no other name than their place
            <li key={at}>
              {item.length === 1 && item[0]?.kind === "paragraph" ? spans(item[0].of) : blocks(item)}
            </li>
          ))}
        </List>
      )
    }
    case "table":
      return (
        <table className={classes.table}>
          <thead>
            <tr>
              {block.head.map((cell, at) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: cells have no other name than their place
                <th key={at}>{spans(cell)}</th>
              ))}
            </tr>
          </thead>
          <tbody>
            {block.rows.map((row, index) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: rows have no other name than their place
              <tr key={index}>
                {row.map((cell, at) => (
                  // biome-ignore lint/suspicious/noArrayIndexKey: cells have no other name than their place
                  <td key={at}>{spans(cell)}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      )
    case "rule":
      return <hr />
  }
}

function spans(found: readonly Inline[]): ReactNode {
  // biome-ignore lint/suspicious/noArrayIndexKey: spans have no other name than their place
  return found.map((span, at) => <Fragment key={at}>{spanOf(span)}</Fragment>)
}

function spanOf(span: Inline): ReactNode {
  switch (span.kind) {
    case "text":
      return span.text
    case "code":
      return <code>{span.text}</code>
    case "strong":
      return <strong>{spans(span.of)}</strong>
    case "em":
      return <em>{spans(span.of)}</em>
    case "strike":
      return <s>{spans(span.of)}</s>
    case "image":
      return <img src={span.src} alt={span.alt} loading="lazy" />
    case "link":
      return (
        <a href={span.href} target="_blank" rel="noreferrer noopener">
          {spans(span.of)}
        </a>
      )
  }
}
