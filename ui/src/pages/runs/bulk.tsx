import { Button, Modal, Progress } from "@mantine/core"
import { useState } from "react"
import { api, type Schema } from "@/api/client"
import { asProblem } from "@/api/problem"
import { Refusal, Skeleton } from "@/parts/empty"
import { useOperations } from "@/parts/use-operations"
import type { Filters } from "./filters"
import classes from "./runs.module.css"

export type BulkAction = Schema["BulkAsk"]["action"]

interface BulkProps {
  readonly action: BulkAction
  readonly filters: Filters
  /** What is shown, in words, for the question. */
  readonly shown: string
  readonly onClose: () => void
}

const WORDS: Record<BulkAction, { title: string; verb: string; done: string }> = {
  cancel: { title: "Cancel all that match", verb: "Cancel", done: "cancelled" },
  rerun: { title: "Re-run all that match", verb: "Re-run", done: "re-run" },
  rerun_failed: { title: "Re-run what failed in all that match", verb: "Re-run", done: "re-run" },
}

/** An action on every run that matches the filters: how many that are, then how far it is. */
export function Bulk({ action, filters, shown, onClose }: BulkProps) {
  const words = WORDS[action]
  // the filters as they were when it was opened: what is confirmed is what was counted
  const [asked] = useState(() => ({ action, filters, most: null }) as Schema["BulkAsk"])
  const preview = api.useQuery(
    "post",
    "/api/v1/runs/bulk/preview",
    { body: asked },
    { staleTime: Number.POSITIVE_INFINITY },
  )
  const begin = api.useMutation("post", "/api/v1/runs/bulk", { meta: { quiet: true } })
  const [operation] = useOperations(begin.data ? [begin.data.operation] : [])
  const count = preview.data?.count ?? 0
  const problem = preview.error ?? begin.error
  return (
    <Modal opened onClose={onClose} title={words.title} size={520}>
      {problem ? (
        <Refusal problem={asProblem(problem)} />
      ) : begin.data ? (
        <Going operation={operation} count={begin.data.count} done={words.done} />
      ) : preview.data === undefined ? (
        <Skeleton rows={2} />
      ) : (
        <>
          <p>
            <b>
              {preview.data.exact ? "" : "More than "}
              {count.toLocaleString("en")} {count === 1 ? "run" : "runs"}
            </b>{" "}
            {count === 1 ? "matches" : "match"} {shown}.
          </p>
          <Left refused={preview.data.refused} title="Left alone" />
        </>
      )}
      <div style={{ display: "flex", justifyContent: "flex-end", gap: 8, marginTop: 18 }}>
        <Button variant="default" onClick={onClose}>
          {begin.data ? "Close" : "Back"}
        </Button>
        {!begin.data && (
          <Button
            data-autofocus
            color={action === "cancel" ? "red" : undefined}
            disabled={count === 0}
            loading={begin.isPending}
            onClick={() =>
              begin.mutate({
                body: { ...asked, most: preview.data?.exact ? preview.data.count : null },
              })
            }
          >
            {words.verb} {count.toLocaleString("en")} {count === 1 ? "run" : "runs"}
          </Button>
        )}
      </div>
    </Modal>
  )
}

interface Answer {
  readonly total?: number
  readonly done?: number
  readonly failed?: ReadonlyArray<{ reason: string; count: number }>
}

function Going({
  operation,
  count,
  done,
}: {
  operation: Schema["OperationView"] | undefined
  count: number
  done: string
}) {
  const answer = (operation?.answer ?? {}) as Answer
  const total = answer.total ?? count
  const finished = operation?.state === "finished"
  return (
    <>
      <p role="status">
        <b>{(answer.done ?? 0).toLocaleString("en")}</b> of {total.toLocaleString("en")} {done}
        {finished ? "." : " …"} {!finished && "It goes on when this is closed."}
      </p>
      <Progress
        value={total ? ((answer.done ?? 0) / total) * 100 : 100}
        mt={10}
        size="sm"
        aria-label="How far it is"
      />
      <Left refused={answer.failed ?? []} title="Could not be done" />
      {operation?.problem && <p className={classes.failed}>{operation.problem.message}</p>}
    </>
  )
}

function Left({
  refused,
  title,
}: {
  refused: ReadonlyArray<{ reason: string; count: number }>
  title: string
}) {
  if (refused.length === 0) return null
  return (
    <>
      <p className={classes.dim} style={{ marginTop: 12 }}>
        {title}
      </p>
      <dl className={classes.columns} style={{ margin: "4px 0 0" }}>
        {refused.map((each) => (
          <div key={each.reason} style={{ display: "contents" }}>
            <dt>{each.reason}</dt>
            <dd>{each.count.toLocaleString("en")}</dd>
          </div>
        ))}
      </dl>
    </>
  )
}
