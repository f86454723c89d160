import { Button, Drawer } from "@mantine/core"
import { useState } from "react"
import { api } from "@/api/client"
import { Loaded } from "@/parts/loaded"
import { StateWord } from "@/parts/state-mark"
import { useMay } from "@/shell/door"
import { useAnew } from "../settings/anew"
import { Facts } from "../settings/facts"
import classes from "./connections.module.css"

interface DrawerProps {
  readonly name: string
  readonly onClose: () => void
  readonly onEdit: () => void
}

/** One connection: where it leads, whether it works, and how to change or remove it. */
export function ConnectionDrawer({ name, onClose, onEdit }: DrawerProps) {
  const query = api.useQuery("get", "/api/v1/connections/{name}", { params: { path: { name } } })
  const anew = useAnew("/api/v1/connections")
  const trial = api.useMutation("post", "/api/v1/connections/{name}/test")
  const remove = api.useMutation("delete", "/api/v1/connections/{name}", {
    onSuccess: () => {
      anew()
      onClose()
    },
  })
  const [sure, setSure] = useState(false)
  const may = useMay("editor")
  return (
    <Drawer opened onClose={onClose} position="right" size="lg" title={name}>
      <Loaded query={query}>
        {(found) => (
          <>
            <div className={classes.facts}>
              <Facts
                facts={[
                  ["Type", found.type],
                  ["Comes from", found.source],
                  ["Host", [found.host, found.port].filter(Boolean).join(":") || "–"],
                  ["Database", found.database || "–"],
                  ["Login", found.login || "–"],
                  ["Password", found.password ? "kept, not shown" : "none"],
                  ...Object.entries(found.extra).map(([key, value]) => [key, String(value)] as const),
                  ["Description", found.description || "–"],
                ]}
              />
            </div>
            {trial.data && (
              <p className={classes.trial} role="status">
                <StateWord state={trial.data.passed ? "passed" : "failed"}>
                  {trial.data.passed ? `works, ${trial.data.seconds.toFixed(2)} s` : "does not work"}
                </StateWord>
                <span>{trial.data.message}</span>
              </p>
            )}
            <div className={classes.buttons}>
              <Button
                loading={trial.isPending}
                disabled={!may}
                onClick={() => trial.mutate({ params: { path: { name } }, body: { timeout: 10 } })}
              >
                Test
              </Button>
              <Button
                variant="default"
                disabled={!may || !isKept(found.source)}
                title={whyNot(may, found.source)}
                onClick={onEdit}
              >
                Change
              </Button>
              {sure ? (
                <Button
                  color="red"
                  loading={remove.isPending}
                  onClick={() => remove.mutate({ params: { path: { name } } })}
                >
                  Remove {name} for good
                </Button>
              ) : (
                <Button
                  variant="default"
                  disabled={!may || !isKept(found.source)}
                  title={whyNot(may, found.source)}
                  onClick={() => setSure(true)}
                >
                  Remove…
                </Button>
              )}
            </div>
          </>
        )}
      </Loaded>
    </Drawer>
  )
}

/** Whether it is in the store, which the server writes to; what weft.toml or the environment has goes before it. */
function isKept(source: string): boolean {
  return source.startsWith("the store")
}

function whyNot(may: boolean, source: string): string | undefined {
  if (!may) return "Asks for the role editor."
  return isKept(source) ? undefined : `It comes from ${source}: change it there.`
}
