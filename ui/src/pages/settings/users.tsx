import { Button, Menu, PasswordInput, TextInput } from "@mantine/core"
import { useState } from "react"
import { api, type Schema } from "@/api/client"
import { Empty } from "@/parts/empty"
import { FormDialog } from "@/parts/form-dialog"
import { StateWord } from "@/parts/state-mark"
import type { Column } from "@/parts/table"
import { Time } from "@/parts/time"
import { useMe } from "@/shell/door"
import type { Role } from "@/shell/roles"
import { AccessList } from "./access-list"
import { useAnew } from "./anew"
import { RoleSelect } from "./roles"

type Account = Schema["AccountView"]
type Change = Schema["AccountChange"]

/** What is asked before it is done: a change ends the sessions of the account. */
type Asked =
  | { readonly what: "role"; readonly account: Account; readonly role: Role }
  | { readonly what: "disable" | "remove" | "password"; readonly account: Account }

/** Accounts: who they are, what they may do. */
export function Users() {
  const query = api.useQuery("get", "/api/v1/accounts")
  const anew = useAnew("/api/v1/accounts")
  const enable = api.useMutation("patch", "/api/v1/accounts/{name}", { onSuccess: anew })
  const [asked, setAsked] = useState<Asked | null>(null)
  const columns: ReadonlyArray<Column<Account>> = [
    { id: "name", title: "Name", width: "minmax(140px, 2fr)", cell: (row) => row.name },
    {
      id: "role",
      title: "Role",
      width: "minmax(240px, 2fr)",
      cell: (row) => (
        <RoleSelect
          of={row.name}
          value={row.role}
          onChange={(role) => setAsked({ what: "role", account: row, role })}
        />
      ),
    },
    {
      id: "state",
      title: "State",
      width: "120px",
      cell: (row) => (
        <StateWord state={row.disabled ? "paused" : "fresh"}>
          {row.disabled ? "disabled" : "active"}
        </StateWord>
      ),
    },
    {
      id: "created",
      title: "Since",
      width: "110px",
      align: "right",
      cell: (row) => <Time at={row.created} />,
    },
  ]
  const act = (row: Account) => (
    <Menu position="bottom-end">
      <Menu.Target>
        <Button size="compact-xs" variant="default" aria-label={`Change ${row.name}`}>
          Change
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item onClick={() => setAsked({ what: "password", account: row })}>Set a password…</Menu.Item>
        {row.disabled ? (
          <Menu.Item
            onClick={() =>
              enable.mutate({ params: { path: { name: row.name } }, body: { disabled: false } as Change })
            }
          >
            Enable
          </Menu.Item>
        ) : (
          <Menu.Item onClick={() => setAsked({ what: "disable", account: row })}>Disable…</Menu.Item>
        )}
        <Menu.Item color="red" onClick={() => setAsked({ what: "remove", account: row })}>
          Remove…
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  )
  return (
    <>
      <AccessList
        title="Accounts"
        query={query}
        columns={columns}
        rowKey={(row) => row.name}
        rowHeight={38}
        act={act}
        empty={
          <Empty title="No accounts." command="weft accounts add ana --role operator">
            Whoever has the project's token is its admin. Accounts let others in, each with a role.
          </Empty>
        }
        make={{ title: "New account", dialog: (close) => <NewAccount onClose={close} /> }}
      />
      {asked?.what === "remove" && <Remove account={asked.account} onClose={() => setAsked(null)} />}
      {asked?.what === "password" && <SetPassword account={asked.account} onClose={() => setAsked(null)} />}
      {asked?.what === "disable" && (
        <Sure
          account={asked.account}
          title={`Disable ${asked.account.name}`}
          verb="Disable"
          change={{ disabled: true }}
          onClose={() => setAsked(null)}
        >
          Nobody can log in by it until it is enabled again; its tokens rest, too.
        </Sure>
      )}
      {asked?.what === "role" && (
        <Sure
          account={asked.account}
          title={`Make ${asked.account.name} ${asked.role}`}
          verb={`Make ${asked.role}`}
          change={{ role: asked.role }}
          onClose={() => setAsked(null)}
        >
          It is {asked.account.role} now. Its tokens may no more than it may itself.
        </Sure>
      )}
    </>
  )
}

interface SureProps {
  readonly account: Account
  readonly title: string
  readonly verb: string
  readonly change: Partial<Change>
  readonly children: React.ReactNode
  readonly onClose: () => void
}

/** A change of an account that ends its sessions, said before. */
function Sure({ account, title, verb, change, children, onClose }: SureProps) {
  const send = useChange(onClose)
  return (
    <FormDialog
      title={title}
      verb={verb}
      onClose={onClose}
      onSubmit={() => send.mutate({ params: { path: { name: account.name } }, body: change as Change })}
      busy={send.isPending}
      error={send.error}
    >
      <p>
        {children} <EndsSessions name={account.name} />
      </p>
    </FormDialog>
  )
}

function EndsSessions({ name }: { name: string }) {
  const mine = useMe()?.account === name
  return <>{mine ? "Your own sessions end, this one too." : "Sessions of this account end."}</>
}

function useChange(onClose: () => void) {
  const anew = useAnew("/api/v1/accounts")
  return api.useMutation("patch", "/api/v1/accounts/{name}", {
    meta: { quiet: true },
    onSuccess: () => {
      anew()
      onClose()
    },
  })
}

function Remove({ account, onClose }: { account: Account; onClose: () => void }) {
  const anew = useAnew("/api/v1/accounts")
  const remove = api.useMutation("delete", "/api/v1/accounts/{name}", {
    meta: { quiet: true },
    onSuccess: () => {
      anew()
      onClose()
    },
  })
  return (
    <FormDialog
      title={`Remove ${account.name}`}
      verb="Remove"
      final
      onClose={onClose}
      onSubmit={() => remove.mutate({ params: { path: { name: account.name } } })}
      busy={remove.isPending}
      error={remove.error}
    >
      <p>
        Its tokens are revoked. What it did stays in the audit log. <EndsSessions name={account.name} />
      </p>
    </FormDialog>
  )
}

function NewAccount({ onClose }: { onClose: () => void }) {
  const anew = useAnew("/api/v1/accounts")
  const [name, setName] = useState("")
  const [role, setRole] = useState<Role>("operator")
  const [password, setPassword] = useState("")
  const create = api.useMutation("post", "/api/v1/accounts", {
    meta: { quiet: true },
    onSuccess: () => {
      anew()
      onClose()
    },
  })
  return (
    <FormDialog
      title="New account"
      verb="Make"
      onClose={onClose}
      onSubmit={() => create.mutate({ body: { name, role, password } })}
      busy={create.isPending}
      error={create.error}
    >
      <TextInput
        label="Name"
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
        required
        data-autofocus
        autoComplete="off"
      />
      <RoleSelect value={role} onChange={setRole} />
      <NewPassword
        label="Password"
        description="10 characters or more; the person can change it."
        value={password}
        onChange={setPassword}
      />
    </FormDialog>
  )
}

function SetPassword({ account, onClose }: { account: Account; onClose: () => void }) {
  const [password, setPassword] = useState("")
  const change = useChange(onClose)
  return (
    <FormDialog
      title={`Password of ${account.name}`}
      verb="Set"
      onClose={onClose}
      onSubmit={() =>
        change.mutate({ params: { path: { name: account.name } }, body: { password } as Change })
      }
      busy={change.isPending}
      error={change.error}
    >
      <NewPassword
        label="The new password"
        description="10 characters or more. Sessions of this account end."
        value={password}
        onChange={setPassword}
        first
      />
    </FormDialog>
  )
}

interface NewPasswordProps {
  readonly label: string
  readonly description: string
  readonly value: string
  readonly onChange: (password: string) => void
  readonly first?: boolean
}

function NewPassword({ label, description, value, onChange, first = false }: NewPasswordProps) {
  return (
    <PasswordInput
      label={label}
      description={description}
      value={value}
      onChange={(event) => onChange(event.currentTarget.value)}
      minLength={10}
      required
      autoComplete="new-password"
      {...(first ? { "data-autofocus": true } : {})}
    />
  )
}
