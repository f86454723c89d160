import {
  Button,
  JsonInput,
  Modal,
  NumberInput,
  PasswordInput,
  SegmentedControl,
  Textarea,
  TextInput,
} from "@mantine/core"
import { type FormEvent, useState } from "react"
import { api, type Schema } from "@/api/client"
import { asProblem } from "@/api/problem"
import { Refusal } from "@/parts/empty"
import { useAnew } from "../settings/anew"
import classes from "./connections.module.css"

interface FormProps {
  /** The connection that is changed; null for a new one. */
  readonly name: string | null
  readonly onClose: () => void
}

/** Make a connection, or change one. Secrets are never shown, and the server keeps none over a change. */
export function ConnectionForm({ name, onClose }: FormProps) {
  const known = api.useQuery(
    "get",
    "/api/v1/connections/{name}",
    { params: { path: { name: name ?? "" } } },
    { enabled: name !== null },
  )
  if (name !== null && known.data === undefined) return null
  return <Form name={name} before={known.data ?? null} onClose={onClose} />
}

interface Typed {
  name: string
  uri: string
  type: string
  host: string
  port: number | string
  login: string
  password: string
  database: string
  extra: string
  description: string
}

/** The body for what was typed: what is empty is not sent. Throws a SyntaxError where `extra` is no JSON. */
export function bodyOf(typed: Typed, by: "uri" | "parts"): Schema["NewConnection"] {
  const or = (text: string) => text.trim() || null
  const shared = { description: or(typed.description) }
  if (by === "uri") return { uri: or(typed.uri), ...shared } as Schema["NewConnection"]
  return {
    type: or(typed.type),
    host: or(typed.host),
    port: typed.port === "" ? null : Number(typed.port),
    login: or(typed.login),
    password: typed.password || null,
    database: or(typed.database),
    extra: typed.extra.trim() ? (JSON.parse(typed.extra) as Record<string, unknown>) : null,
    ...shared,
  } as Schema["NewConnection"]
}

function Form({ name, before, onClose }: FormProps & { before: Schema["ConnectionDetail"] | null }) {
  const listAnew = useAnew("/api/v1/connections")
  const detailAnew = useAnew("/api/v1/connections/{name}")
  const [by, setBy] = useState<"uri" | "parts">(before ? "parts" : "uri")
  const [typed, setTyped] = useState<Typed>({
    name: name ?? "",
    uri: "",
    type: before?.type ?? "",
    host: before?.host ?? "",
    port: before?.port ?? "",
    login: before?.login ?? "",
    password: "",
    database: before?.database ?? "",
    extra: "",
    description: before?.description ?? "",
  })
  const [wrong, setWrong] = useState("")
  const save = api.useMutation("put", "/api/v1/connections/{name}", {
    meta: { quiet: true },
    onSuccess: () => {
      listAnew()
      detailAnew()
      onClose()
    },
  })
  const set = (change: Partial<Typed>) => setTyped((kept) => ({ ...kept, ...change }))
  const submit = (event: FormEvent) => {
    event.preventDefault()
    try {
      save.mutate({ params: { path: { name: typed.name } }, body: bodyOf(typed, by) })
      setWrong("")
    } catch (error) {
      setWrong(error instanceof Error ? error.message : String(error))
    }
  }
  return (
    <Modal opened onClose={onClose} title={name === null ? "New connection" : `Change ${name}`} size="lg">
      <form className={classes.form} onSubmit={submit}>
        <TextInput
          label="Name"
          description="The name that code asks for"
          value={typed.name}
          onChange={(event) => set({ name: event.currentTarget.value })}
          disabled={name !== null}
          required
          data-autofocus
        />
        <SegmentedControl
          aria-label="Given as"
          value={by}
          onChange={(value) => setBy(value as "uri")}
          data={[
            { value: "uri", label: "As one URI" },
            { value: "parts", label: "In parts" },
          ]}
        />
        {by === "uri" ? (
          <PasswordInput
            label="URI"
            description="postgresql://user:password@host:5432/db"
            value={typed.uri}
            onChange={(event) => set({ uri: event.currentTarget.value })}
            required
            autoComplete="off"
          />
        ) : (
          <div className={classes.parts}>
            <TextInput
              label="Type"
              value={typed.type}
              onChange={(event) => set({ type: event.currentTarget.value })}
              required
            />
            <TextInput
              label="Database"
              value={typed.database}
              onChange={(event) => set({ database: event.currentTarget.value })}
            />
            <TextInput
              label="Host"
              value={typed.host}
              onChange={(event) => set({ host: event.currentTarget.value })}
            />
            <NumberInput
              label="Port"
              value={typed.port}
              onChange={(port) => set({ port })}
              min={1}
              max={65535}
              hideControls
            />
            <TextInput
              label="Login"
              value={typed.login}
              onChange={(event) => set({ login: event.currentTarget.value })}
              autoComplete="off"
            />
            <PasswordInput
              label="Password"
              description={
                before?.password ? "Type it again: a changed connection keeps no secret" : undefined
              }
              value={typed.password}
              onChange={(event) => set({ password: event.currentTarget.value })}
              autoComplete="new-password"
            />
            <JsonInput
              className={classes.wide}
              label="Extra"
              description="Further settings, as JSON; kept secret"
              value={typed.extra}
              onChange={(extra) => set({ extra })}
              autosize
              minRows={2}
              formatOnBlur
            />
          </div>
        )}
        <Textarea
          label="Description"
          value={typed.description}
          onChange={(event) => set({ description: event.currentTarget.value })}
          autosize
        />
        {wrong && (
          <p role="alert" className={classes.wrong}>
            Extra is not JSON: {wrong}
          </p>
        )}
        {save.error && <Refusal problem={asProblem(save.error)} />}
        <div className={classes.buttons}>
          <Button type="submit" loading={save.isPending}>
            Keep
          </Button>
        </div>
      </form>
    </Modal>
  )
}
