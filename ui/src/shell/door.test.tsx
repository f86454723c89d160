import { MantineProvider } from "@mantine/core"
import { QueryClientProvider } from "@tanstack/react-query"
import { cleanup, configure, fireEvent, render, screen, waitFor } from "@testing-library/react"
import { afterEach, beforeEach, expect, test, vi } from "vitest"
import { api, createQueryClient, http } from "@/api/client"
import { Door, useMay } from "./door"

// a machine that does much else, too, is no failure
configure({ asyncUtilTimeout: 30_000 })
vi.setConfig({ testTimeout: 90_000 })

/** A server with one session: whose it is, or null where it has ended. */
let session: { name: string; role: string } | null
let notices: string[]

beforeEach(() => {
  session = { name: "anna", role: "operator" }
  notices = []
  vi.stubGlobal(
    "EventSource",
    class extends EventTarget {
      close() {}
    },
  )
  vi.stubGlobal("fetch", async (request: Request) => {
    const path = new URL(request.url).pathname
    if (path.endsWith("/session") && request.method === "POST") {
      const { name } = (await request.json()) as { name: string }
      session = { name, role: name === "anna" ? "viewer" : "admin" }
      return json(201, me())
    }
    if (session === null) return json(401, { title: "Nobody", detail: "The session has ended." })
    return json(200, path.endsWith("/me") ? me() : {})
  })
})

afterEach(() => {
  cleanup()
  vi.unstubAllGlobals()
})

const me = () => ({ ...session, kind: "session", account: session?.name, scopes: null })
const json = (status: number, body: unknown) =>
  new Response(JSON.stringify(body), { status, headers: { "content-type": "application/json" } })

function PageWithField() {
  const may = useMay("operator")
  const change = api.useMutation("post", "/api/v1/doctor")
  return (
    <>
      <input aria-label="Typed" />
      <button type="button" disabled={!may} onClick={() => change.mutate({ body: { wait: 0 } as never })}>
        Do it
      </button>
    </>
  )
}

async function inside() {
  render(
    <MantineProvider>
      <QueryClientProvider client={createQueryClient((problem) => notices.push(problem.message))}>
        <Door>
          <PageWithField />
        </Door>
      </QueryClientProvider>
    </MantineProvider>,
  )
  const field = (await screen.findByLabelText("Typed")) as HTMLInputElement
  fireEvent.change(field, { target: { value: "half a sentence" } })
  return field
}

async function logIn(name: string) {
  fireEvent.change(await screen.findByLabelText(/^Name/), { target: { value: name } })
  const password = document.querySelector("input[type=password]")
  if (password) fireEvent.change(password, { target: { value: "correct horse battery" } })
  const form = document.querySelector("form")
  if (form) fireEvent.submit(form)
  await waitFor(() => expect(document.querySelector("[data-shut]")).toBe(null))
}

test("a page whose session has ended is shut with what was typed, and open again for the same person", async () => {
  const field = await inside()
  session = null
  fireEvent.click(screen.getByText("Do it"))
  await screen.findByText("Log in again")
  expect(document.body.firstElementChild).toHaveProperty("inert", true)
  expect(notices).toEqual([])
  expect((document.activeElement as HTMLInputElement).type).toBe("password")
  await logIn("anna")
  expect(screen.getByLabelText("Typed")).toBe(field)
  expect(field.value).toBe("half a sentence")
  expect(document.body.firstElementChild).toHaveProperty("inert", false)
  // the role that the account has by now counts at once
  await waitFor(() => expect(screen.getByText("Do it")).toHaveProperty("disabled", true))
})

test("somebody else gets the page made anew", async () => {
  const field = await inside()
  session = null
  await http.GET("/api/v1/me").catch(() => null)
  await logIn("berta")
  const now = (await screen.findByLabelText("Typed")) as HTMLInputElement
  expect(now).not.toBe(field)
  expect(now.value).toBe("")
  expect(screen.getByText("Do it")).toHaveProperty("disabled", false)
})

test("a session that another tab has opened opens this one when it is looked at", async () => {
  const field = await inside()
  session = null
  await http.GET("/api/v1/me").catch(() => null)
  await screen.findByText("Log in again")
  session = { name: "anna", role: "operator" }
  window.dispatchEvent(new Event("focus"))
  await waitFor(() => expect(document.querySelector("[data-shut]")).toBe(null))
  expect(field.value).toBe("half a sentence")
})
