import { Button, Drawer } from "@mantine/core"
import { useState } from "react"
import { api, type Schema } from "@/api/client"
import { Loaded } from "@/parts/loaded"
import { StateWord } from "@/parts/state-mark"
import { Time } from "@/parts/time"
import { useMay } from "@/shell/door"
import { useAnew } from "../settings/anew"
import { Facts } from "../settings/facts"
import classes from "./connections.module.css"
import { Uses } from "./uses"

interface DrawerProps {
  readonly name: string
  readonly onClose: () => void
  readonly onEdit: () => void
}

/** One connection: where it leads, whether it works, who uses it, and how to change or remove it. */
export function ConnectionDrawer({ name, onClose, onEdit }: DrawerProps) {
  const may = useMay("editor")
  const query = api.useQuery(
    "get",
    "/api/v1/connections/{name}",
    { params: { path: { name } } },
    { enabled: may },
  )
  return (
    <Drawer
      opened
      onClose={onClose}
      position="right"
      size="lg"
      title={name}
      closeButtonProps={{ "aria-label": "Close" }}
    >
      {may ? (
        <Loaded query={query}>{(found) => <Detail found={found} onClose={onClose} onEdit={onEdit} />}</Loaded>
      ) : (
        <p className={classes.faint}>Where it leads is for editors to see, and to change and try.</p>
      )}
      <Uses name={name} />
    </Drawer>
  )
}

interface DetailProps {
  readonly found: Schema["ConnectionDetail"]
  readonly onClose: () => void
  readonly onEdit: () => void
}

function Detail({ found, onClose, onEdit }: DetailProps) {
  const { name } = found
  const listAnew = useAnew("/api/v1/connections")
  const detailAnew = useAnew("/api/v1/connections/{name}")
  const anew = () => {
    listAnew()
    detailAnew()
  }
  const trial = api.useMutation("post", "/api/v1/connections/{name}/test", { onSuccess: anew })
  const remove = api.useMutation("delete", "/api/v1/connections/{name}", {
    onSuccess: () => {
      listAnew()
      onClose()
    },
  })
  const [sure, setSure] = useState(false)
  const kept = isKept(found.source)
  return (
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
      {found.last_trial ? (
        <LastTrial trial={found.last_trial} />
      ) : (
        <p className={classes.faint}>It was never tried from here.</p>
      )}
      <div className={classes.buttons}>
        <Button
          loading={trial.isPending}
          onClick={() => trial.mutate({ params: { path: { name } }, body: { timeout: 10 } })}
        >
          Test
        </Button>
        <Button variant="default" disabled={!kept} title={elsewhere(found.source)} onClick={onEdit}>
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
            disabled={!kept}
            title={elsewhere(found.source)}
            onClick={() => setSure(true)}
          >
            Remove…
          </Button>
        )}
      </div>
    </>
  )
}

/** How it was tried last, when and by whom; of a connection that was another then, too. */
function LastTrial({ trial }: { trial: Schema["LastTrial"] }) {
  return (
    <div className={classes.trial} role="status">
      <p>
        <StateWord state={trial.passed ? "passed" : "failed"}>
          {trial.passed ? "worked" : "did not work"}
        </StateWord>
        <span className={classes.faint}>
          <Time at={trial.at} />, tried by {trial.by}
        </span>
      </p>
      {trial.message && <p>{trial.message}</p>}
      {trial.changed_since && <p className={classes.faint}>It was changed after that: test it again.</p>}
    </div>
  )
}

/** Whether it is in the store, which the server writes to; what weft.toml or the environment has goes before it. */
function isKept(source: string): boolean {
  return source.startsWith("the store")
}

function elsewhere(source: string): string | undefined {
  return isKept(source) ? undefined : `It comes from ${source}: change it there.`
}
