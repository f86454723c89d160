import { Button, TextInput } from "@mantine/core"
import { useDebouncedValue } from "@mantine/hooks"
import { notifications } from "@mantine/notifications"
import { useState } from "react"
import { api, http, type Schema } from "@/api/client"
import { asProblem } from "@/api/problem"
import { Refusal } from "@/parts/empty"
import { counted } from "./accept-dialog"
import classes from "./asset.module.css"
import { Dialog, PartitionsField } from "./dialog"
import type { Asset } from "./state"

const MOST_MOVES = 6

interface RollbackProps {
  readonly asset: Asset
  readonly partitions: string
  /** The version that was chosen; without it the one before the current. */
  readonly to?: string
  readonly onClose: () => void
}

/** Point an asset to an earlier version: what that moves, what becomes stale by it, and how to take it back. */
export function RollbackDialog({ asset, partitions, to = "previous", onClose }: RollbackProps) {
  const [chosen, setChosen] = useState(partitions)
  const [note, setNote] = useState("")
  const [asked] = useDebouncedValue(chosen.trim(), 250)
  const preview = api.useQuery(
    "post",
    "/api/v1/assets/{key}/rollback/preview",
    { params: { path: { key: asset.key } }, body: { to, note: "", partitions: asked || null } },
    { retry: false },
  )
  const rollback = api.useMutation("post", "/api/v1/assets/{key}/rollback", {
    meta: { quiet: true },
    onSuccess: ({ items }) => {
      const [only] = items
      const name = "rolled-back"
      notifications.show({
        id: name,
        title: `${asset.key}: ${counted(items.length)} rolled back`,
        autoClose: 20_000,
        message: (
          <div className={classes.row}>
            {only && items.length === 1
              ? `${only.previous ?? "none"} → ${only.version ?? "none"}`
              : "What is made from them is stale now."}
            {only?.previous && items.length === 1 && (
              <Button
                size="compact-xs"
                variant="default"
                onClick={() => {
                  notifications.hide(name)
                  void undo(asset.key, only.partition, only.previous ?? "")
                }}
              >
                Undo
              </Button>
            )}
          </div>
        ),
      })
      onClose()
    },
  })
  return (
    <Dialog
      title={`Roll back ${asset.key}`}
      verb={to === "previous" ? "Roll back to the version before" : `Roll back to ${to}`}
      busy={rollback.isPending}
      error={rollback.error}
      onClose={onClose}
      onSubmit={() =>
        rollback.mutate({
          params: { path: { key: asset.key } },
          body: { to, note: note.trim(), partitions: chosen.trim() || null },
        })
      }
    >
      {preview.error ? (
        <div className={classes.preview}>
          <Refusal problem={asProblem(preview.error)} />
        </div>
      ) : (
        preview.data && <Follows asset={asset} preview={preview.data} />
      )}
      {asset.partitions !== null && to === "previous" && (
        <PartitionsField value={chosen} onChange={setChosen} />
      )}
      <TextInput
        label="Note"
        mt="sm"
        data-autofocus
        value={note}
        placeholder="Why, for those who look later"
        onChange={(event) => setNote(event.currentTarget.value)}
      />
    </Dialog>
  )
}

async function undo(key: string, partition: string | null, version: string): Promise<void> {
  try {
    await http.POST("/api/v1/assets/{key}/rollback", {
      params: { path: { key } },
      body: { to: version, note: "Undone", partitions: partition },
    })
    notifications.show({ message: `${key} points to ${version} again.` })
  } catch (error) {
    const problem = asProblem(error)
    notifications.show({ title: problem.message, message: problem.remedy, color: "red" })
  }
}

/** Which pointers move, and how much below becomes stale by that. */
function Follows({ asset, preview }: { asset: Asset; preview: Schema["RollbackPreview"] }) {
  const { items, stale } = preview
  const total = stale.reduce((sum, each) => sum + each.count, 0)
  return (
    <>
      <ul className={classes.moves} aria-label="What moves">
        {items.slice(0, MOST_MOVES).map((each) => (
          <li key={each.partition ?? ""}>
            <span>{each.partition ?? asset.key}</span>
            <code>
              {each.previous ?? "none"} → {each.version}
            </code>
          </li>
        ))}
        {items.length > MOST_MOVES && (
          <li className={classes.faint}>and {(items.length - MOST_MOVES).toLocaleString("en-GB")} more</li>
        )}
      </ul>
      <div className={classes.preview}>
        {stale.length === 0 ? (
          <>Nothing becomes stale by it. Versions are kept, so this can be taken back.</>
        ) : (
          <>
            <b>
              {total.toLocaleString("en-GB")} {total === 1 ? "partition becomes" : "partitions become"} stale
            </b>
            , in {stale.length === 1 ? "one asset" : `${stale.length.toLocaleString("en-GB")} assets`} below:
            <ul className={classes.moves} aria-label="What becomes stale">
              {stale.slice(0, MOST_MOVES).map((each) => (
                <li key={each.asset} title={each.partitions ?? undefined}>
                  <span>{each.asset}</span>
                  <span className={classes.faint}>
                    {each.partitions && each.partitions.length < 40
                      ? each.partitions
                      : each.count.toLocaleString("en-GB")}
                  </span>
                </li>
              ))}
              {stale.length > MOST_MOVES && (
                <li className={classes.faint}>and {stale.length - MOST_MOVES} more</li>
              )}
            </ul>
            Nothing runs by this; a plan then says what is to be made again. Versions are kept, so this can be
            taken back.
          </>
        )}
      </div>
    </>
  )
}
