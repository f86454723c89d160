import { useQueryClient } from "@tanstack/react-query"
import { Fragment, type ReactNode, useCallback, useEffect, useState } from "react"
import { api, type Schema } from "@/api/client"
import { follow } from "@/api/live"
import { asProblem } from "@/api/problem"
import { Refusal } from "@/parts/empty"
import { LogIn } from "./log-in"
import { type Role, reaches } from "./roles"
import { Shut } from "./shut"

/**
 * Lets in who is logged in, and shows the others how to; begins to follow changes.
 *
 * Where a session ends while a page is open, the page stays behind the log-in as it is, with what was typed into it. Who
 * comes back goes on there, with the rights that they have then; somebody else finds the page made anew.
 */
export function Door({ children }: { children: ReactNode }) {
  const client = useQueryClient()
  const me = api.useQuery("get", "/api/v1/me", {}, { retry: false, staleTime: Number.POSITIVE_INFINITY })
  const [out, setOut] = useState(false)
  const [visit, setVisit] = useState(0)
  const known = me.data
  const inside = known !== undefined && !out
  const { refetch } = me
  const comeIn = useCallback(async () => {
    const found = await refetch()
    if (found.isError || found.data === undefined) return
    if (known !== undefined && found.data.name === known.name) void client.invalidateQueries()
    else {
      client.removeQueries({ predicate: ({ queryKey }) => queryKey[1] !== "/api/v1/me" })
      setVisit((count) => count + 1)
    }
    setOut(false)
  }, [client, known, refetch])
  useEffect(() => {
    const onOut = () => setOut(true)
    window.addEventListener("weft:signed-out", onOut)
    return () => window.removeEventListener("weft:signed-out", onOut)
  }, [])
  useEffect(() => {
    if (!out) return
    // another tab may have logged in meanwhile
    const onFocus = () => void (document.visibilityState === "visible" && comeIn())
    window.addEventListener("focus", onFocus)
    document.addEventListener("visibilitychange", onFocus)
    return () => {
      window.removeEventListener("focus", onFocus)
      document.removeEventListener("visibilitychange", onFocus)
    }
  }, [out, comeIn])
  useEffect(() => (inside ? follow(client) : undefined), [client, inside])
  if (known !== undefined)
    return (
      <>
        <Fragment key={visit}>{children}</Fragment>
        {out && (
          <Shut>
            <LogIn again={known.account || true} onIn={() => void comeIn()} />
          </Shut>
        )}
      </>
    )
  if (me.isPending) return null
  const problem = me.error ? asProblem(me.error) : null
  if (problem && problem.status !== 401 && problem.status !== 403)
    return <Refusal problem={problem} retry={() => void me.refetch()} />
  return <LogIn onIn={() => void comeIn()} />
}

/** Who is logged in. */
export function useMe(): Schema["Me"] | undefined {
  return api.useQuery("get", "/api/v1/me", {}, { staleTime: Number.POSITIVE_INFINITY }).data
}

/** Whether who is logged in may do what asks for a role. */
export function useMay(role: Role): boolean {
  return reaches(useMe()?.role, role)
}
