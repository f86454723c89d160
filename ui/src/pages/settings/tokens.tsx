import { Button, Modal, MultiSelect, Select, TextInput } from "@mantine/core"
import { useMemo, useState } from "react"
import { api, type Schema } from "@/api/client"
import { Command, Empty } from "@/parts/empty"
import { FormDialog } from "@/parts/form-dialog"
import { StateWord } from "@/parts/state-mark"
import type { Column } from "@/parts/table"
import { Time } from "@/parts/time"
import { useMay, useMe } from "@/shell/door"
import type { Role } from "@/shell/roles"
import { AccessList } from "./access-list"
import { useAnew } from "./anew"
import { RoleSelect } from "./roles"
import { scopesOf } from "./scopes"
import classes from "./settings.module.css"

type Token = Schema["TokenView"]

const columns: ReadonlyArray<Column<Token>> = [
  { id: "name", title: "Name", width: "minmax(140px, 2fr)", cell: (row) => row.name },
  { id: "account", title: "Of", width: "minmax(90px, 1fr)", cell: (row) => row.account || "the project" },
  { id: "role", title: "Role", width: "100px", cell: (row) => row.role },
  {
    id: "scopes",
    title: "Bounded to",
    width: "minmax(110px, 2fr)",
    cell: (row) => row.scopes.join(", ") || "its role",
  },
  {
    id: "used",
    title: "Used",
    width: "100px",
    align: "right",
    cell: (row) => <Time at={row.used} none="never" />,
  },
  {
    id: "expires",
    title: "Ends",
    width: "100px",
    align: "right",
    cell: (row) => <Time at={row.expires} none="never" />,
  },
]

/** Tokens let programs in: each with a role, for a time, and revoked in one step. */
export function Tokens() {
  const query = api.useQuery("get", "/api/v1/tokens")
  const [revoked, setRevoked] = useState<Token | null>(null)
  return (
    <>
      <AccessList
        title="Tokens"
        query={query}
        columns={columns}
        rowKey={(row) => row.id}
        act={(row) =>
          row.revoked ? (
            <StateWord state="cancelled">revoked</StateWord>
          ) : (
            <Button
              size="compact-xs"
              variant="default"
              aria-label={`Revoke ${row.name}`}
              onClick={() => setRevoked(row)}
            >
              Revoke…
            </Button>
          )
        }
        empty={
          <Empty title="No tokens but the project's own." command="weft tokens create ci --role operator">
            A token lets a program in: <code>Authorization: Bearer …</code>
          </Empty>
        }
        make={{ title: "New token", dialog: (close) => <NewToken onClose={close} /> }}
      />
      {revoked && <Revoke token={revoked} onClose={() => setRevoked(null)} />}
    </>
  )
}

function Revoke({ token, onClose }: { token: Token; onClose: () => void }) {
  const anew = useAnew("/api/v1/tokens")
  const revoke = api.useMutation("delete", "/api/v1/tokens/{id}", {
    meta: { quiet: true },
    onSuccess: () => {
      anew()
      onClose()
    },
  })
  return (
    <FormDialog
      title={`Revoke ${token.name}`}
      verb="Revoke"
      final
      onClose={onClose}
      onSubmit={() => revoke.mutate({ params: { path: { id: token.id } } })}
      busy={revoke.isPending}
      error={revoke.error}
    >
      <p>
        Programs that have it are shut out at once, and for good. It was used last:{" "}
        <Time at={token.used} none="never" />.
      </p>
    </FormDialog>
  )
}

const TIMES = [
  { value: "3600", label: "an hour" },
  { value: "86400", label: "a day" },
  { value: "2592000", label: "30 days" },
  { value: "31536000", label: "a year" },
  { value: "", label: "until it is revoked" },
]

function NewToken({ onClose }: { onClose: () => void }) {
  const anew = useAnew("/api/v1/tokens")
  const operator = useMay("operator")
  const mine = useMe()?.role ?? "viewer"
  const [name, setName] = useState("")
  const [role, setRole] = useState<Role>(operator ? "operator" : mine)
  const [time, setTime] = useState("2592000")
  const [scopes, setScopes] = useState<string[]>([])
  const known = useScopes()
  const create = api.useMutation("post", "/api/v1/tokens", { meta: { quiet: true }, onSuccess: anew })
  if (create.data)
    return (
      <Modal opened onClose={onClose} title={`Token ${name}`} closeButtonProps={{ "aria-label": "Close" }}>
        <p>It is shown this once. Whoever has it is let in.</p>
        <p className={`${classes.secret} mono`} style={{ margin: "10px 0" }}>
          {create.data.secret}
        </p>
        <Command text={`export WEFT_TOKEN=${create.data.secret}`} />
      </Modal>
    )
  const submit = () => create.mutate({ body: { name, role, scopes, expires_in: time ? Number(time) : null } })
  return (
    <FormDialog
      title="New token"
      verb="Make"
      onClose={onClose}
      onSubmit={submit}
      busy={create.isPending}
      error={create.error}
    >
      <TextInput
        label="Name"
        description="What it is for"
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
        maxLength={100}
        required
        data-autofocus
      />
      <RoleSelect value={role} onChange={setRole} own />
      <Select
        label="For"
        data={TIMES}
        value={time}
        allowDeselect={false}
        onChange={(value) => setTime(value ?? "")}
      />
      <MultiSelect
        label="Bounded to"
        description="Only these of what its role may; nothing chosen: all of it"
        placeholder={scopes.length === 0 ? "all that its role may" : undefined}
        data={known}
        value={scopes}
        onChange={setScopes}
        searchable
        clearable
        maxDropdownHeight={260}
      />
    </FormDialog>
  )
}

/** The scopes that there are: the description of the API names that of each operation. */
function useScopes(): string[] {
  const document = api.useQuery(
    "get",
    "/api/v1/openapi.json",
    {},
    { staleTime: Number.POSITIVE_INFINITY },
  ).data
  return useMemo(() => scopesOf(document), [document])
}
