import { Link } from "@tanstack/react-router"
import { StateWord } from "@/parts/state-mark"
import { type Column, Table } from "@/parts/table"
import { assetPath, pipelinePath } from "@/shell/links"
import { stateOf } from "@/theme/states"
import type { Cloth, Thread } from "./types"
import { columnStart, spanWords } from "./window"

/** The cloth in words, a thread a row: for screen readers, and for who rather reads. */
export function ClothTable({ cloth }: { cloth: Cloth }) {
  const columns: Column<Thread>[] = [
    {
      id: "key",
      title: "Thread",
      width: "minmax(180px, 2fr)",
      cell: (thread) => (
        <Link to={thread.kind === "asset" ? assetPath(thread.key) : pipelinePath(thread.key)}>
          {thread.key}
        </Link>
      ),
    },
    { id: "status", title: "Now", width: "130px", cell: (thread) => <StateWord state={thread.status} /> },
    {
      id: "trouble",
      title: "Trouble in this time",
      width: "minmax(240px, 4fr)",
      cell: (thread) => (
        <span title={troubleWords(cloth, thread)}>{troubleWords(cloth, thread) || "none"}</span>
      ),
    },
  ]
  return <Table label="The cloth" columns={columns} rows={cloth.threads} rowKey={(thread) => thread.key} />
}

/** Where a thread is torn or worn: `failed 2012-10-26; stale 2012-10-01 to 2012-10-31`. */
export function troubleWords(cloth: Cloth, thread: Thread): string {
  return thread.cells
    .filter(([, , state]) => !["fresh", "missing", "waiting"].includes(stateOf(state).family))
    .map(([first, last, state]) => {
      const since = columnStart(cloth, cloth.columns, first)
      return `${stateOf(state).label} ${spanWords(since, columnStart(cloth, cloth.columns, last + 1))}`
    })
    .join("; ")
}
