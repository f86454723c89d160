/** A reverse proxy, as tools of one host stand behind: it serves weft under a path, taking the path off or leaving it. */
import { createServer, request } from "node:http"
import { freePort } from "./weft"

export interface Front {
  readonly url: string
  stop(): Promise<void>
}

export async function startFront(
  target: string,
  path: string,
  strip: boolean,
  port?: number,
): Promise<Front> {
  const own = port ?? (await freePort())
  const to = new URL(target)
  const server = createServer((asked, answer) => {
    const wanted = asked.url ?? "/"
    if (!wanted.startsWith(`${path}/`)) {
      answer.writeHead(404).end("another tool of this host")
      return
    }
    const passed = request(
      {
        host: to.hostname,
        port: to.port,
        method: asked.method,
        path: strip ? wanted.slice(path.length) : wanted,
        headers: { ...asked.headers, "x-forwarded-for": asked.socket.remoteAddress ?? "" },
      },
      (answered) => {
        answer.writeHead(answered.statusCode ?? 502, answered.headers)
        answered.pipe(answer)
      },
    )
    passed.on("error", () => answer.destroy())
    answer.on("close", () => passed.destroy())
    asked.pipe(passed)
  })
  await new Promise<void>((resolve) => server.listen(own, "127.0.0.1", resolve))
  return {
    url: `http://127.0.0.1:${own}${path}/`,
    stop: () =>
      new Promise((resolve) => {
        server.closeAllConnections()
        server.close(() => resolve())
      }),
  }
}
