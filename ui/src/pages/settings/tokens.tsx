import { Button, Modal, MultiSelect, Select, TextInput } from "@mantine/core"
import { type FormEvent, useMemo, useState } from "react"
import { api, type Schema } from "@/api/client"
import { asProblem } from "@/api/problem"
import { Command, Empty, Refusal } from "@/parts/empty"
import { Loaded } from "@/parts/loaded"
import { Panel, Section } from "@/parts/panel"
import { StateWord } from "@/parts/state-mark"
import { type Column, Table } from "@/parts/table"
import { Time } from "@/parts/time"
import { useAnew } from "./anew"
import { scopesOf } from "./scopes"
import classes from "./settings.module.css"
import { ROLES } from "./users"

type Token = Schema["TokenView"]

/** Tokens let programs in: each with a role, for a time, and revoked in one step. */
export function Tokens() {
  const query = api.useQuery("get", "/api/v1/tokens")
  const anew = useAnew("/api/v1/tokens")
  const revoke = api.useMutation("delete", "/api/v1/tokens/{id}", { onSuccess: anew })
  const [made, setMade] = useState(false)
  const columns: Column<Token>[] = [
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
    {
      id: "act",
      title: "",
      width: "110px",
      align: "right",
      cell: (row) =>
        row.revoked ? (
          <StateWord state="cancelled">revoked</StateWord>
        ) : (
          <Button
            size="compact-xs"
            variant="default"
            aria-label={`Revoke ${row.name}`}
            onClick={() => revoke.mutate({ params: { path: { id: row.id } } })}
          >
            Revoke
          </Button>
        ),
    },
  ]
  return (
    <Section title="Tokens" actions={<Button onClick={() => setMade(true)}>New token</Button>}>
      <Panel>
        <Loaded query={query}>
          {(rows) => (
            <Table
              label="Tokens"
              columns={columns}
              rows={rows}
              rowKey={(row) => row.id}
              empty={
                <Empty
                  title="No tokens but the project's own."
                  command="weft tokens create ci --role operator"
                >
                  A token lets a program in: <code>Authorization: Bearer …</code>
                </Empty>
              }
            />
          )}
        </Loaded>
      </Panel>
      {made && (
        <NewToken
          onClose={() => {
            setMade(false)
            anew()
          }}
        />
      )}
    </Section>
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
  const [name, setName] = useState("")
  const [role, setRole] = useState<string>("operator")
  const [time, setTime] = useState("2592000")
  const [scopes, setScopes] = useState<string[]>([])
  const known = useScopes()
  const create = api.useMutation("post", "/api/v1/tokens", { meta: { quiet: true } })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    create.mutate({
      body: {
        name,
        role: role as Schema["NewToken"]["role"],
        scopes,
        expires_in: time ? Number(time) : null,
      },
    })
  }
  return (
    <Modal opened onClose={onClose} title={create.data ? `Token ${name}` : "New token"}>
      {create.data ? (
        <>
          <p>It is shown this once. Whoever has it is let in.</p>
          <p className={`${classes.secret} mono`} style={{ margin: "10px 0" }}>
            {create.data.secret}
          </p>
          <Command text={`export WEFT_TOKEN=${create.data.secret}`} />
        </>
      ) : (
        <form className={classes.form} onSubmit={submit}>
          <TextInput
            label="Name"
            description="What it is for"
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
            required
            data-autofocus
          />
          <Select
            label="Role"
            data={[...ROLES]}
            value={role}
            allowDeselect={false}
            onChange={(value) => value && setRole(value)}
          />
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
          {create.error && <Refusal problem={asProblem(create.error)} />}
          <p className={classes.buttons}>
            <Button type="submit" loading={create.isPending}>
              Make
            </Button>
          </p>
        </form>
      )}
    </Modal>
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
