import { Button } from "@mantine/core"
import { Download } from "lucide-react"
import { useState } from "react"
import { api, apiUrl, type Schema } from "@/api/client"
import { asProblem } from "@/api/problem"
import { bytes } from "@/parts/bytes"
import { CodeView } from "@/parts/code-view"
import { Refusal } from "@/parts/empty"
import classes from "./run.module.css"

interface KeptValueProps {
  readonly run: string
  /** null: what the flow itself returned. */
  readonly step: string | null
  readonly item?: string
  /** What it was pushed under; without it what was returned. */
  readonly name?: string
  readonly value: unknown
  /** How it is kept; null where it is not. */
  readonly kept: Schema["KeptView"] | null
  readonly title: string
  readonly label: string
  readonly height: string
}

/** Bytes that are shown at first, and at most. */
const FIRST = 64_000
const MOST = 256_000

/** A value as it is where it is small; a large one is opened a part of the way, or downloaded. */
export function KeptValue(props: KeptValueProps) {
  const { value, kept, title, label, height } = props
  const [limit, setLimit] = useState(0)
  if (kept === null || kept.whole)
    return (
      <CodeView
        code={JSON.stringify(value, null, 2) ?? "null"}
        language="json"
        title={title}
        label={label}
        height={height}
      />
    )
  if (limit > 0) return <Beginning {...props} kept={kept} limit={limit} onLimit={setLimit} />
  return (
    <div className={classes.kept}>
      <code>{title}</code>
      <span>{factsOf(kept)}</span>
      {kept.opens && (
        <Button size="compact-sm" variant="default" onClick={() => setLimit(FIRST)}>
          Open
        </Button>
      )}
      {kept.handed_out && <DownloadLink {...props} />}
      {!kept.opens && !kept.handed_out && (
        <span className={classes.faint}>It can be read where the project's code is.</span>
      )}
    </div>
  )
}

interface BeginningProps extends KeptValueProps {
  readonly kept: Schema["KeptView"]
  readonly limit: number
  readonly onLimit: (limit: number) => void
}

function Beginning(props: BeginningProps) {
  const { run, step, item = "", name = "", kept, title, label, limit, onLimit } = props
  const query = api.useQuery(
    "get",
    "/api/v1/runs/{id}/values/beginning",
    { params: { path: { id: run }, query: { ...(step === null ? {} : { step }), item, name, limit } } },
    { retry: false },
  )
  if (query.error) return <Refusal problem={asProblem(query.error)} retry={() => void query.refetch()} />
  const found = query.data
  const cut = found !== undefined && !found.whole
  return (
    <>
      <CodeView
        code={found?.text ?? ""}
        language={kept.format === "json" && !cut ? "json" : "text"}
        title={title}
        note={factsOf(kept)}
        label={label}
        height="420px"
      />
      <div className={classes.keptMore} aria-busy={found === undefined}>
        {found === undefined
          ? "It is being read …"
          : found.whole
            ? "This is all of it."
            : kept.format === "parquet"
              ? "These are its first rows."
              : `This is how it begins: ${bytes(limit)}.`}
        {cut && limit < MOST && (
          <Button size="compact-sm" variant="subtle" onClick={() => onLimit(MOST)}>
            Show {bytes(MOST)}
          </Button>
        )}
        {kept.handed_out && <DownloadLink {...props} />}
        <Button size="compact-sm" variant="subtle" color="gray" onClick={() => onLimit(0)}>
          Close
        </Button>
      </div>
    </>
  )
}

function DownloadLink({ run, step, item, name, label }: KeptValueProps) {
  return (
    <Button
      component="a"
      size="compact-sm"
      variant="default"
      leftSection={<Download size={13} aria-hidden="true" />}
      aria-label={`Download: ${label}`}
      href={apiUrl(`/runs/${encodeURIComponent(run)}/values/content`, {
        step: step ?? undefined,
        item: item || undefined,
        name: name || undefined,
      })}
      download
    >
      Download
    </Button>
  )
}

/** `list, 23 kB of JSON`; of a table its rows and columns. */
function factsOf({ type, size, format, metadata }: Schema["KeptView"]): string {
  const { rows, columns } = metadata as { rows?: unknown; columns?: unknown }
  const facts = [type]
  if (typeof rows === "number") facts.push(`${rows.toLocaleString("en-GB")} rows`)
  if (typeof columns === "object" && columns !== null) {
    const names = Object.keys(columns)
    facts.push(names.length > 6 ? `${names.length} columns` : names.join(" · "))
  }
  if (size !== null) facts.push(`${bytes(size)}${format === "json" ? " of JSON" : ""}`)
  return facts.join(", ")
}
