import { Button, Drawer } from "@mantine/core"
import { Link } from "@tanstack/react-router"
import { useState } from "react"
import { api } from "@/api/client"
import { Skeleton } from "@/parts/empty"
import { Loaded } from "@/parts/loaded"
import { Panel, Section } from "@/parts/panel"
import { StateMark, StateWord } from "@/parts/state-mark"
import { Time } from "@/parts/time"
import { useMay } from "@/shell/door"
import { runPath } from "@/shell/links"
import { type Act, actsOf } from "./acting"
import classes from "./asset.module.css"
import { Chains } from "./chain"
import { CheckRow } from "./check-row"
import { RollbackDialog } from "./rollback-dialog"
import type { Asset } from "./state"

interface PartitionProps {
  readonly asset: Asset
  readonly partition: string
  readonly onAct: (act: Act, partitions: string) => void
  readonly onClose: () => void
}

/** One partition: how it stands and why, its versions, what its checks found. */
export function PartitionDrawer({ asset, partition, onAct, onClose }: PartitionProps) {
  const editor = useMay("editor")
  const operator = useMay("operator")
  const [to, setTo] = useState<string | null>(null)
  const query = api.useQuery(
    "get",
    "/api/v1/assets/{key}/partition",
    { params: { path: { key: asset.key }, query: { partition } } },
    { placeholderData: undefined, retry: false },
  )
  return (
    <Drawer
      opened
      onClose={onClose}
      position="right"
      size="min(720px, 94vw)"
      title={`${asset.key} ${partition}`}
      transitionProps={{ duration: 120 }}
    >
      <Loaded query={query} skeleton={<Skeleton rows={6} />}>
        {(found) => (
          <>
            <div className={classes.row}>
              <StateWord state={found.status} />
              <span className={classes.grow} />
              {actsOf(asset)
                .filter((each) => each.id !== "rollback")
                .map((act) => (
                  <Button
                    key={act.id}
                    variant={act.id === "plan" ? "filled" : "default"}
                    disabled={act.role !== null && !(act.role === "editor" ? editor : operator)}
                    title={act.about}
                    onClick={() => onAct(act, partition)}
                  >
                    {act.title}
                  </Button>
                ))}
            </div>
            {found.causes.length > 0 && (
              <Section title="Why" note="from what is seen here to where it began">
                <Panel>
                  <Chains asset={asset} causes={found.causes} />
                </Panel>
              </Section>
            )}
            <Section title="Versions" note={found.versions.length === 0 ? "none yet" : undefined}>
              {found.versions.length > 0 && (
                <Panel>
                  {found.versions.map((each) => (
                    <div key={each.version} className={classes.near}>
                      <StateMark
                        state={each.current ? "fresh" : each.state}
                        label={each.current ? "current" : each.state}
                      />
                      <span>
                        <code>{each.version}</code> {each.current ? <strong>current</strong> : each.state}
                        {each.run && (
                          <>
                            {" by "}
                            <Link to={runPath(each.run)}>run {each.run.slice(0, 8)}</Link>
                          </>
                        )}{" "}
                        <code className={classes.faint}>{each.data_version}</code>
                      </span>
                      <span>
                        {!each.current && editor ? (
                          <Button size="compact-xs" variant="default" onClick={() => setTo(each.version)}>
                            Roll back to it
                          </Button>
                        ) : (
                          <Time at={each.at} />
                        )}
                      </span>
                    </div>
                  ))}
                </Panel>
              )}
            </Section>
            {found.checks.length > 0 && (
              <Section title="Checks">
                <Panel>
                  {found.checks.map((each) => (
                    <CheckRow key={each.check} result={each} />
                  ))}
                </Panel>
              </Section>
            )}
          </>
        )}
      </Loaded>
      {to && <RollbackDialog asset={asset} partitions={partition} to={to} onClose={() => setTo(null)} />}
    </Drawer>
  )
}
