import { Button, PasswordInput } from "@mantine/core"
import { notifications } from "@mantine/notifications"
import { type FormEvent, useState } from "react"
import { api } from "@/api/client"
import { asProblem } from "@/api/problem"
import { Empty, Refusal } from "@/parts/empty"
import { Panel } from "@/parts/panel"
import { useMe } from "@/shell/door"
import classes from "./settings.module.css"

/** Change one's own password. */
export function Password() {
  const me = useMe()
  const [before, setBefore] = useState("")
  const [next, setNext] = useState("")
  const change = api.useMutation("put", "/api/v1/me/password", {
    meta: { quiet: true },
    onSuccess: () => {
      setBefore("")
      setNext("")
      notifications.show({ message: "The password is changed. Your other sessions have ended." })
    },
  })
  if (!me?.account)
    return (
      <Panel>
        <Empty title="You have no account.">
          You came in by the project's own token, as {me?.name}. Accounts have passwords; an admin makes them
          under Users.
        </Empty>
      </Panel>
    )
  const submit = (event: FormEvent) => {
    event.preventDefault()
    change.mutate({ body: { password: before, new_password: next } })
  }
  return (
    <Panel padded>
      <form className={classes.form} onSubmit={submit}>
        <PasswordInput
          label="Your password"
          value={before}
          onChange={(event) => setBefore(event.currentTarget.value)}
          autoComplete="current-password"
          required
        />
        <PasswordInput
          label="The new one"
          description="10 characters or more"
          value={next}
          onChange={(event) => setNext(event.currentTarget.value)}
          autoComplete="new-password"
          minLength={10}
          required
        />
        {change.error && <Refusal problem={asProblem(change.error)} />}
        <p className={classes.buttons}>
          <Button type="submit" loading={change.isPending}>
            Change
          </Button>
        </p>
      </form>
    </Panel>
  )
}
