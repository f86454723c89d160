import { Button, TextInput } from "@mantine/core"
import { notifications } from "@mantine/notifications"
import { useState } from "react"
import { api, http } from "@/api/client"
import { asProblem } from "@/api/problem"
import { counted } from "./accept-dialog"
import classes from "./asset.module.css"
import { Dialog, PartitionsField } from "./dialog"
import { type Asset, selectOf } from "./state"

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
  const below = useBelow(asset)
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
      <Moves asset={asset} partitions={chosen.trim()} to={to} />
      <div className={classes.preview}>
        {below.length === 0 ? (
          <>Nothing is made from it, so nothing becomes stale.</>
        ) : (
          <>
            What was made from it becomes stale: <b>{below.join(", ")}</b>. Nothing runs by this; a plan then
            says what is to be made again. Versions are kept, so this can be taken back.
          </>
        )}
      </div>
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

/** All assets below, near ones first. */
function useBelow(asset: Asset): readonly string[] {
  const lineage = api.useQuery("get", "/api/v1/lineage", {
    params: { query: { select: selectOf(asset.key), down: 100 } },
  })
  return (lineage.data?.nodes ?? [])
    .filter((each) => each.name !== asset.key)
    .toSorted((a, b) => a.rank - b.rank)
    .map((each) => each.name)
}

/** Which versions the pointers move between, of the first few partitions. */
function Moves({ asset, partitions, to }: { asset: Asset; partitions: string; to: string }) {
  const page = api.useQuery(
    "get",
    "/api/v1/assets/{key}/versions",
    {
      params: { path: { key: asset.key }, query: { limit: 50, ...(partitions ? { partitions } : {}) } },
    },
    { retry: false },
  )
  const versions = page.data?.items ?? []
  const current = versions.filter((each) => each.current)
  const moves = current.flatMap((each) => {
    const earlier = versions.find(
      (other) =>
        other.partition === each.partition &&
        (to === "previous"
          ? Number(other.version.slice(1)) < Number(each.version.slice(1))
          : other.version === to),
    )
    return earlier
      ? [
          {
            partition: each.partition,
            from: each.version,
            to: earlier.version,
            same: earlier.data_version === each.data_version,
          },
        ]
      : []
  })
  if (!page.data) return null
  if (moves.length === 0)
    return (
      <p className={classes.faint}>
        {partitions || asset.partitions === null
          ? "There is no other version among the latest to point to."
          : "Each partition that has an earlier version is pointed to it."}
      </p>
    )
  return (
    <ul className={classes.moves}>
      {moves.slice(0, 6).map((each) => (
        <li key={each.partition ?? ""}>
          <span>{each.partition ?? asset.key}</span>
          <code>
            {each.from} → {each.to}
          </code>
          {each.same && <span className={classes.faint}>same content</span>}
        </li>
      ))}
      {moves.length > 6 && (
        <li className={classes.faint}>and {moves.length - 6} more among the latest versions</li>
      )}
    </ul>
  )
}
