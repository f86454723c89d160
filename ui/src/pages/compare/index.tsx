import { Button } from "@mantine/core"
import { useNavigate } from "@tanstack/react-router"
import { ArrowLeftRight } from "lucide-react"
import { useMemo } from "react"
import { api } from "@/api/client"
import { asProblem } from "@/api/problem"
import { Empty, Refusal, Skeleton } from "@/parts/empty"
import { useCommands } from "@/shell/commands"
import { comparePath } from "@/shell/links"
import { Page } from "@/shell/page"
import { text, useUrlState } from "@/shell/url-state"
import { titleOf } from "../run/state"
import { Comparison } from "./comparison"

const FIELDS = { a: text(), b: text() }
const TRAIL = [["Runs", "/runs"]] as const

/** Two runs side by side. */
export default function ComparePage() {
  const [{ a, b }] = useUrlState(FIELDS)
  const navigate = useNavigate()
  const query = api.useQuery(
    "get",
    "/api/v1/run-comparison",
    { params: { query: { before: a, after: b } } },
    { enabled: a !== "" && b !== "", placeholderData: undefined },
  )
  useCommands(
    useMemo(
      () => [
        {
          id: "compare-swap",
          title: "Swap the two runs",
          group: "Compare",
          keys: "s",
          run: () => void navigate({ to: comparePath(b, a), replace: true }),
        },
      ],
      [navigate, a, b],
    ),
  )
  const both = query.data
  const title = both
    ? both.before.pipeline !== null && both.before.pipeline === both.after.pipeline
      ? `Compare two runs of ${both.before.pipeline}`
      : `Compare ${titleOf(both.before)} with ${titleOf(both.after)}`
    : "Compare runs"
  return (
    <Page
      title={title}
      trail={TRAIL}
      actions={
        both && (
          <Button
            variant="default"
            leftSection={<ArrowLeftRight size={14} />}
            onClick={() => void navigate({ to: comparePath(b, a), replace: true })}
          >
            Swap
          </Button>
        )
      }
    >
      {a === "" || b === "" ? (
        <Empty title="Two runs are compared.">
          Mark two runs in the list of runs and choose Compare, or press c on the page of a run.
        </Empty>
      ) : both ? (
        <Comparison both={both} />
      ) : query.error ? (
        <Refusal problem={asProblem(query.error)} retry={() => void query.refetch()} />
      ) : (
        <Skeleton rows={10} />
      )}
    </Page>
  )
}
