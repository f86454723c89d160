import { Button, Menu, Modal, PasswordInput, Select, TextInput } from "@mantine/core"
import { type FormEvent, useState } from "react"
import { api, type Schema } from "@/api/client"
import { asProblem } from "@/api/problem"
import { Empty, Refusal } from "@/parts/empty"
import { Loaded } from "@/parts/loaded"
import { Panel, Section } from "@/parts/panel"
import { StateWord } from "@/parts/state-mark"
import { type Column, Table } from "@/parts/table"
import { Time } from "@/parts/time"
import { useAnew } from "./anew"
import classes from "./settings.module.css"

type Account = Schema["AccountView"]
type Role = Account["role"]

export const ROLES: ReadonlyArray<{ value: Role; label: string }> = [
  { value: "viewer", label: "viewer: looks" },
  { value: "operator", label: "operator: runs, repairs, pauses" },
  { value: "editor", label: "editor: changes connections, pools, versions" },
  { value: "admin", label: "admin: says who may come in" },
]

/** Accounts: who they are, what they may do. */
export function Users() {
  const query = api.useQuery("get", "/api/v1/accounts")
  const anew = useAnew("/api/v1/accounts")
  const change = api.useMutation("patch", "/api/v1/accounts/{name}", { onSuccess: anew })
  const remove = api.useMutation("delete", "/api/v1/accounts/{name}", { onSuccess: anew })
  const [made, setMade] = useState(false)
  const [named, setNamed] = useState<Account | null>(null)
  const columns: Column<Account>[] = [
    { id: "name", title: "Name", width: "minmax(140px, 2fr)", cell: (row) => row.name },
    {
      id: "role",
      title: "Role",
      width: "minmax(240px, 2fr)",
      cell: (row) => (
        <Select
          variant="unstyled"
          aria-label={`Role of ${row.name}`}
          data={[...ROLES]}
          value={row.role}
          allowDeselect={false}
          onChange={(role) =>
            role &&
            change.mutate({
              params: { path: { name: row.name } },
              body: { role: role as Role } as Schema["AccountChange"],
            })
          }
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
    {
      id: "act",
      title: "",
      width: "90px",
      align: "right",
      cell: (row) => (
        <Menu position="bottom-end">
          <Menu.Target>
            <Button size="compact-xs" variant="default" aria-label={`Change ${row.name}`}>
              Change
            </Button>
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Item onClick={() => setNamed(row)}>Set a password…</Menu.Item>
            <Menu.Item
              onClick={() =>
                change.mutate({
                  params: { path: { name: row.name } },
                  body: { disabled: !row.disabled } as Schema["AccountChange"],
                })
              }
            >
              {row.disabled ? "Enable" : "Disable, and end its sessions"}
            </Menu.Item>
            <Menu.Item color="red" onClick={() => remove.mutate({ params: { path: { name: row.name } } })}>
              Remove
            </Menu.Item>
          </Menu.Dropdown>
        </Menu>
      ),
    },
  ]
  return (
    <Section title="Accounts" actions={<Button onClick={() => setMade(true)}>New account</Button>}>
      <Panel>
        <Loaded query={query}>
          {(rows) => (
            <Table
              label="Accounts"
              columns={columns}
              rows={rows}
              rowKey={(row) => row.name}
              rowHeight={38}
              empty={
                <Empty title="No accounts." command="weft accounts add ana --role operator">
                  Whoever has the project's token is its admin. Accounts let others in, each with a role.
                </Empty>
              }
            />
          )}
        </Loaded>
      </Panel>
      {made && <NewAccount onClose={() => setMade(false)} />}
      {named && <SetPassword account={named} onClose={() => setNamed(null)} />}
    </Section>
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
  const submit = (event: FormEvent) => {
    event.preventDefault()
    create.mutate({ body: { name, role, password } })
  }
  return (
    <Modal opened onClose={onClose} title="New account">
      <form className={classes.form} onSubmit={submit}>
        <TextInput
          label="Name"
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          required
          data-autofocus
          autoComplete="off"
        />
        <Select
          label="Role"
          data={[...ROLES]}
          value={role}
          allowDeselect={false}
          onChange={(value) => value && setRole(value as Role)}
        />
        <PasswordInput
          label="Password"
          description="10 characters or more; the person can change it."
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
          minLength={10}
          required
          autoComplete="new-password"
        />
        {create.error && <Refusal problem={asProblem(create.error)} />}
        <p className={classes.buttons}>
          <Button type="submit" loading={create.isPending}>
            Make
          </Button>
        </p>
      </form>
    </Modal>
  )
}

function SetPassword({ account, onClose }: { account: Account; onClose: () => void }) {
  const [password, setPassword] = useState("")
  const change = api.useMutation("patch", "/api/v1/accounts/{name}", {
    meta: { quiet: true },
    onSuccess: onClose,
  })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    change.mutate({ params: { path: { name: account.name } }, body: { password } as Schema["AccountChange"] })
  }
  return (
    <Modal opened onClose={onClose} title={`Password of ${account.name}`}>
      <form className={classes.form} onSubmit={submit}>
        <PasswordInput
          label="The new password"
          description="10 characters or more. Sessions of this account end."
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
          minLength={10}
          required
          data-autofocus
          autoComplete="new-password"
        />
        {change.error && <Refusal problem={asProblem(change.error)} />}
        <p className={classes.buttons}>
          <Button type="submit" loading={change.isPending}>
            Set
          </Button>
        </p>
      </form>
    </Modal>
  )
}
