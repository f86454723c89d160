import { ActionIcon, Button, CopyButton, Drawer } from "@mantine/core"
import { Link } from "@tanstack/react-router"
import { ChevronDown, ChevronUp } from "lucide-react"
import { lazy, Suspense, useState } from "react"
import { api, type Schema } from "@/api/client"
import { Loaded } from "@/parts/loaded"
import { StateWord } from "@/parts/state-mark"
import { SubjectLink } from "@/parts/subject-link"
import { Time } from "@/parts/time"
import { useMay } from "@/shell/door"
import { assetPath, runPath } from "@/shell/links"
import { AlertDialog } from "./alert-dialog"
import { canAlert, type Suggested, suggested } from "./alert-rule"
import classes from "./events.module.css"
import type { Event } from "./feed"
import { typeWords } from "./words"

const CodeView = lazy(async () => ({ default: (await import("@/parts/code-view")).CodeView }))

interface DrawerProps {
  readonly position: number
  /** Its line in the feed, if that is loaded. */
  readonly known: Event | undefined
  readonly says: ReadonlyMap<string, string>
  readonly onMove: (position: number) => void
  readonly onFilter: (change: { types?: readonly string[]; run?: string; q?: string }) => void
  readonly onClose: () => void
}

/** One event with all that it says, and what can be done with it. */
export function EventDrawer({ position, known, says, onMove, onFilter, onClose }: DrawerProps) {
  const query = api.useQuery(
    "get",
    "/api/v1/ledger/events/{position}",
    { params: { path: { position: String(position) } } },
    { staleTime: Number.POSITIVE_INFINITY, placeholderData: undefined },
  )
  const [alerting, setAlerting] = useState(false)
  const may = useMay("editor")
  const taken = (api.useQuery("get", "/api/v1/alerts").data?.rules ?? []).map((each) => each.name)
  const type = known?.type ?? query.data?.type ?? ""
  const run = known?.run ?? query.data?.run
  return (
    <Drawer
      opened
      onClose={onClose}
      position="right"
      size="min(720px, 94vw)"
      title={
        <span className={classes.title}>
          Event {position.toLocaleString("en-GB")}
          <ActionIcon
            size="sm"
            aria-label="The event before"
            disabled={position <= 1}
            onClick={() => onMove(position - 1)}
          >
            <ChevronDown size={15} />
          </ActionIcon>
          <ActionIcon size="sm" aria-label="The event after" onClick={() => onMove(position + 1)}>
            <ChevronUp size={15} />
          </ActionIcon>
        </span>
      }
    >
      <Loaded query={query}>
        {(event) => (
          <>
            <p>
              <b>{typeWords(event.type)}</b> <span className={classes.dim}>{says.get(event.type)}</span>
            </p>
            <dl className={classes.facts}>
              <dt>When</dt>
              <dd>
                <Time at={event.at} />
              </dd>
              {known?.subject && (
                <>
                  <dt>About</dt>
                  <dd>
                    <SubjectLink subject={known.subject} kind />
                    {known.partition && ` ${known.partition}`}
                  </dd>
                </>
              )}
              {run && (
                <>
                  <dt>Run</dt>
                  <dd>
                    <Link to={runPath(run)} className="mono">
                      {run}
                    </Link>
                  </dd>
                </>
              )}
              {known?.outcome && (
                <>
                  <dt>Outcome</dt>
                  <dd>
                    <StateWord state={known.outcome} />
                  </dd>
                </>
              )}
              {known?.assets && known.assets.length > 0 && (
                <>
                  <dt>Assets</dt>
                  <dd>
                    {known.assets.map((each, at) => (
                      <span key={each}>
                        {at > 0 && ", "}
                        <Link to={assetPath(each)}>{each}</Link>
                      </span>
                    ))}
                  </dd>
                </>
              )}
            </dl>
            <p className={classes.actions}>
              {canAlert(event.type) && (
                <Button
                  disabled={!may}
                  title={may ? undefined : "Asks for the role editor."}
                  onClick={() => setAlerting(true)}
                >
                  Alert on this…
                </Button>
              )}
              <Button variant="default" onClick={() => onFilter({ types: [type] })}>
                Only this type
              </Button>
              {run && (
                <Button variant="default" onClick={() => onFilter({ run })}>
                  Only this run
                </Button>
              )}
              <CopyButton value={location.href}>
                {({ copied, copy }) => (
                  <Button variant="default" onClick={copy}>
                    {copied ? "Copied" : "Copy the link"}
                  </Button>
                )}
              </CopyButton>
            </p>
            <Suspense fallback={<pre>{JSON.stringify(event.body, null, 2)}</pre>}>
              <CodeView code={JSON.stringify(event.body, null, 2)} language="json" title="The whole event" />
            </Suspense>
            {alerting && (
              <AlertDialog rule={ruleOf(event, known, taken)} onClose={() => setAlerting(false)} />
            )}
          </>
        )}
      </Loaded>
    </Drawer>
  )
}

/** The rule for an event; one that is not in the feed is known by its body alone. */
function ruleOf(whole: Schema["WholeEvent"], known: Event | undefined, taken: readonly string[]): Suggested {
  const body: Readonly<Record<string, unknown>> = whole.body
  const text = (name: string) => (typeof body[name] === "string" ? body[name] : "")
  const assets = text("asset") ? [text("asset")] : []
  return suggested(
    {
      type: whole.type,
      subject: known?.subject ?? (text("automation") && `automation:${text("automation")}`),
      step: known?.step ?? (text("step") || null),
      outcome: known?.outcome ?? (text("outcome") || null),
      assets: known?.assets ?? assets,
      pipeline: text("pipeline"),
    },
    taken,
  )
}
