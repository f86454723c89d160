import { useQueryClient } from "@tanstack/react-query"
import { type ReactNode, useEffect, useState } from "react"
import { api, type Schema } from "@/api/client"
import { follow } from "@/api/live"
import { asProblem } from "@/api/problem"
import { Refusal } from "@/parts/empty"
import { LogIn } from "./log-in"

/** Lets in who is logged in, and shows the others how to; begins to follow changes. */
export function Door({ children }: { children: ReactNode }) {
  const client = useQueryClient()
  const me = api.useQuery("get", "/api/v1/me", {}, { retry: false, staleTime: Number.POSITIVE_INFINITY })
  const [out, setOut] = useState(false)
  const inside = me.data !== undefined && !out
  useEffect(() => {
    const onOut = () => setOut(true)
    window.addEventListener("weft:signed-out", onOut)
    return () => window.removeEventListener("weft:signed-out", onOut)
  }, [])
  useEffect(() => (inside ? follow(client) : undefined), [client, inside])
  if (inside) return children
  if (me.isPending) return null
  const problem = me.error ? asProblem(me.error) : null
  if (problem && problem.status !== 401 && problem.status !== 403)
    return <Refusal problem={problem} retry={() => void me.refetch()} />
  return (
    <LogIn
      onIn={() => {
        client.clear()
        void me.refetch().then(() => setOut(false))
      }}
    />
  )
}

/** Who is logged in. */
export function useMe(): Schema["Me"] | undefined {
  return api.useQuery("get", "/api/v1/me", {}, { staleTime: Number.POSITIVE_INFINITY }).data
}

const ROLES = ["viewer", "operator", "editor", "admin"] as const

/** Whether who is logged in may do what asks for a role. */
export function useMay(role: (typeof ROLES)[number]): boolean {
  const mine = useMe()?.role
  return mine !== undefined && ROLES.indexOf(mine as (typeof ROLES)[number]) >= ROLES.indexOf(role)
}
