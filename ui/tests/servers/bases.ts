/** Where the tests are run: at the root of a host, and under a path of it behind a proxy. */
import { startFront } from "./front"
import { startTrading } from "./trading"
import type { Server } from "./weft"

export const BASES = ["/", "/x/y/"] as const
export type Base = (typeof BASES)[number]

/** The trading example, served there; in a zone of its own, so that nothing rests on that of the browser. */
export async function startAt(base: Base): Promise<Server> {
  const zone = "America/New_York"
  if (base === "/") return startTrading({ zone })
  const path = base.replace(/\/$/, "")
  const server = await startTrading({ zone, basePath: path })
  const inner = new URL(server.url)
  const front = await startFront(`${inner.origin}/`, path, true)
  const url = front.url
  return {
    ...server,
    url,
    async link() {
      return (await server.link()).replace(server.url, url)
    },
    async stop() {
      await front.stop()
      await server.stop()
    },
  }
}
