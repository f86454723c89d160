import { Button, SegmentedControl, Select, Textarea } from "@mantine/core"
import { notifications } from "@mantine/notifications"
import { useQueryClient } from "@tanstack/react-query"
import { useState } from "react"
import { api, type Schema } from "@/api/client"
import { FormDialog } from "@/parts/form-dialog"
import { useMay } from "@/shell/door"
import { keysOf } from "./dynamic-key-words"

/** The button that adds keys to dynamic partitions, or removes some. */
export function DynamicKeys({ names }: { names: readonly string[] }) {
  const may = useMay("editor")
  const [open, setOpen] = useState(false)
  return (
    <>
      <Button
        variant="default"
        size="compact-sm"
        disabled={!may}
        title={may ? "Keys are added by people and by runs" : "Asks for the role editor."}
        onClick={() => setOpen(true)}
      >
        Add or remove keys…
      </Button>
      {open && <KeysDialog names={names} onClose={() => setOpen(false)} />}
    </>
  )
}

function KeysDialog({ names, onClose }: { names: readonly string[]; onClose: () => void }) {
  const client = useQueryClient()
  const [what, setWhat] = useState<"add" | "remove">("add")
  const [name, setName] = useState(names[0] ?? "")
  const [typed, setTyped] = useState("")
  const keys = keysOf(typed)
  const onSuccess = (answer: Schema["KeysView"]) => {
    const none = what === "add" ? "They were there already." : "None was there."
    notifications.show({
      message: answer.changed.length
        ? `${what === "add" ? "Added" : "Removed"}: ${answer.changed.join(", ")}.`
        : none,
    })
    void client.invalidateQueries()
    onClose()
  }
  const add = api.useMutation("post", "/api/v1/partitions/{name}/keys", { meta: { quiet: true }, onSuccess })
  const remove = api.useMutation("post", "/api/v1/partitions/{name}/keys/remove", {
    meta: { quiet: true },
    onSuccess,
  })
  const asked = what === "add" ? add : remove
  return (
    <FormDialog
      title={`Keys of ${name}`}
      verb={`${what === "add" ? "Add" : "Remove"} ${keys.length === 1 ? "one key" : `${keys.length} keys`}`}
      onClose={onClose}
      onSubmit={() =>
        keys.length > 0 && asked.mutate({ params: { path: { name } }, body: { keys: [...keys] } })
      }
      busy={asked.isPending}
      error={asked.error}
    >
      <SegmentedControl
        aria-label="What to do with keys"
        value={what}
        onChange={(value) => setWhat(value as typeof what)}
        data={[
          { value: "add", label: "Add" },
          { value: "remove", label: "Remove" },
        ]}
      />
      {names.length > 1 && (
        <Select
          label="Partitions"
          data={[...names]}
          value={name}
          allowDeselect={false}
          onChange={(value) => value && setName(value)}
        />
      )}
      <Textarea
        label="Keys"
        description="One a line"
        value={typed}
        onChange={(event) => setTyped(event.currentTarget.value)}
        autosize
        minRows={3}
        maxRows={12}
        spellCheck={false}
        required
        data-autofocus
      />
      <p style={{ color: "var(--dim)" }}>
        {what === "add"
          ? "Assets with these partitions miss them from now on, until they are made."
          : "What they hold is kept, but belongs to no partition any more. All go, or none where one is unknown."}
      </p>
    </FormDialog>
  )
}
