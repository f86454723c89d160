import { Button, PasswordInput, TextInput } from "@mantine/core"
import { type FormEvent, useState } from "react"
import { api } from "@/api/client"
import { asProblem } from "@/api/problem"
import { Command } from "@/parts/empty"
import classes from "./log-in.module.css"
import { Logo } from "./logo"

/** Whether there are accounts: without one a form for name and password would lead nowhere. The server says so. */
function byLinkOnly(): boolean {
  return document.querySelector<HTMLMetaElement>("meta[name=weft-log-in]")?.content === "link"
}

/** Why a link did not lead in, as the server says it in the address. */
function Refused() {
  return new URLSearchParams(location.search).get("link") === "refused" ? (
    <p role="alert" className={classes.refused}>
      This link was used already, is older than five minutes, or the account has changed.
    </p>
  ) : null
}

/** Said where a session has ended under an open page. */
function Ended() {
  return (
    <p role="status" className={classes.faint}>
      Your session has ended. The page is still there, with what you typed.
    </p>
  )
}

interface LogInProps {
  readonly onIn: () => void
  /** Given where a session has ended while a page was open: whose it was, by the name of the account if there is one. */
  readonly again?: string | true
}

/** The page for who is not logged in. */
export function LogIn({ onIn, again }: LogInProps) {
  const was = typeof again === "string" ? again : ""
  const [name, setName] = useState(was)
  const [password, setPassword] = useState("")
  const opened = api.useMutation("post", "/api/v1/session", { meta: { quiet: true }, onSuccess: onIn })
  const problem = opened.error ? asProblem(opened.error) : null
  // over a page that is still there, there is a main part already
  const Whole = again ? "section" : "main"
  const submit = (event: FormEvent) => {
    event.preventDefault()
    opened.mutate({ body: { name, password } })
  }
  if (byLinkOnly())
    return (
      <Whole className={classes.page} {...(again ? { "aria-label": "Log in again" } : {})}>
        {!again && <title>Log in · weft</title>}
        <div className={classes.form}>
          <Logo />
          <h1>{again ? "Log in again" : "Log in"}</h1>
          {again ? <Ended /> : <Refused />}
          <p>On the machine of the server, in the project's folder, this prints a link that logs you in:</p>
          <div>
            <Command text="weft open" />
          </div>
          <p className={classes.faint}>An admin can make accounts with passwords, under Settings.</p>
        </div>
      </Whole>
    )
  return (
    <Whole className={classes.page} {...(again ? { "aria-label": "Log in again" } : {})}>
      {!again && <title>Log in · weft</title>}
      <form className={classes.form} onSubmit={submit}>
        <Logo />
        <h1>{again ? "Log in again" : "Log in"}</h1>
        {again ? <Ended /> : <Refused />}
        <TextInput
          label="Name"
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          autoComplete="username"
          required
          autoFocus={!was}
          data-autofocus={!was || undefined}
        />
        <PasswordInput
          label="Password"
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
          autoComplete="current-password"
          required
          autoFocus={was !== ""}
          data-autofocus={was !== "" || undefined}
        />
        {problem && (
          <p role="alert" className={classes.refused}>
            {problem.message} {problem.remedy}
          </p>
        )}
        <Button type="submit" size="sm" loading={opened.isPending}>
          Log in
        </Button>
        <div className={classes.other}>
          <p>No account? On the machine of the server, in the project's folder:</p>
          <Command text="weft open" />
        </div>
      </form>
    </Whole>
  )
}
