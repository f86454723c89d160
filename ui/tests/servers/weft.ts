/** The weft under test: the command of this repository's environment, and servers that it starts. */
import { type ChildProcess, execFile, spawn } from "node:child_process"
import { accessSync, constants } from "node:fs"
import { readFile } from "node:fs/promises"
import { createServer } from "node:net"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"

const run = promisify(execFile)

export const REPOSITORY = fileURLToPath(new URL("../../..", import.meta.url))

/** A program of the environment: `WEFT_BIN` names its folder, else it is the repository's `.venv/bin`, else the PATH. */
export function program(name: string): string {
  for (const folder of [process.env.WEFT_BIN, join(REPOSITORY, ".venv", "bin")]) {
    if (!folder) continue
    try {
      accessSync(join(folder, name), constants.X_OK)
      return join(folder, name)
    } catch {
      // the next one
    }
  }
  return name
}

/** Run `weft` in a project and answer with what it printed; `expected` is its exit code. */
export async function weft(folder: string, args: readonly string[], expected = 0): Promise<string> {
  try {
    const { stdout } = await run(program("weft"), args, {
      cwd: folder,
      env: environment(),
      maxBuffer: 64e6,
    })
    if (expected !== 0) throw new Error(`weft ${args.join(" ")} succeeded, but should end with ${expected}`)
    return stdout
  } catch (error) {
    const ended = error as { code?: number; stdout?: string; stderr?: string }
    if (ended.code === expected && expected !== 0) return ended.stdout ?? ""
    if (ended.code === undefined) throw error
    throw new Error(`weft ${args.join(" ")} ended with ${ended.code}:\n${ended.stdout}\n${ended.stderr}`)
  }
}

function environment(more: Record<string, string> = {}): NodeJS.ProcessEnv {
  const { WEFT_SERVER, WEFT_TOKEN, WEFT_PROFILE, WEFT_HOME, ...given } = process.env
  return { ...given, MPLCONFIGDIR: join(REPOSITORY, "examples", ".demo", "matplotlib"), ...more }
}

export interface Server {
  /** Where pages are, with a slash at its end: `http://127.0.0.1:4780/` or with a path behind. */
  readonly url: string
  readonly folder: string
  readonly token: string
  /** A fresh link that logs a browser in once. */
  link(): Promise<string>
  /** A call of the API, as the project's owner. */
  call<T>(method: string, path: string, body?: unknown): Promise<T>
  stop(): Promise<void>
}

interface Options {
  readonly basePath?: string
  readonly port?: number
  /** What the clock of the server's process is set to: an IANA name. */
  readonly zone?: string
  readonly args?: readonly string[]
}

/** Start `weft dev` in a project, and wait until it is ready. */
export async function startDev(folder: string, options: Options = {}): Promise<Server> {
  const port = options.port ?? (await freePort())
  const args = ["dev", "--port", String(port), ...(options.args ?? [])]
  if (options.basePath) args.push("--base-path", options.basePath)
  const child = spawn(program("weft"), args, {
    cwd: folder,
    env: environment(options.zone ? { TZ: options.zone } : {}),
    stdio: ["ignore", "pipe", "pipe"],
  })
  await ready(child)
  const url = `http://127.0.0.1:${port}${options.basePath ?? ""}/`
  const token = (await readFile(join(folder, ".weft", "token"), "utf8")).trim()
  return {
    url,
    folder,
    token,
    async link() {
      const printed = await weft(folder, ["open"])
      const found = /\?token=(\S+)/.exec(printed)
      if (!found) throw new Error(`weft open printed no link:\n${printed}`)
      return `${url}?token=${found[1]}`
    },
    async call<T>(method: string, path: string, body?: unknown) {
      const answer = await fetch(`${url}api/v1${path}`, {
        method,
        headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
        body: body === undefined ? undefined : JSON.stringify(body),
      })
      const text = await answer.text()
      if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text.slice(0, 400)}`)
      return (text ? JSON.parse(text) : null) as T
    },
    stop: () => stop(child),
  }
}

function ready(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    const told: string[] = []
    const read = (stream: NodeJS.ReadableStream | null) => {
      if (stream === null) return
      createInterface({ input: stream }).on("line", (line) => {
        told.push(line)
        if (told.length > 200) told.shift()
        // the server answers before, but knows its definitions only from here on
        if (/: loaded in /.test(line)) resolve()
      })
    }
    read(child.stdout)
    read(child.stderr)
    child.on("error", reject)
    child.on("exit", (code) => reject(new Error(`weft dev ended with ${code}:\n${told.join("\n")}`)))
  })
}

function stop(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve()
    const kill = setTimeout(() => child.kill("SIGKILL"), 10_000)
    child.removeAllListeners("exit")
    child.on("exit", () => {
      clearTimeout(kill)
      resolve()
    })
    child.kill("SIGINT")
  })
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.on("error", reject)
    server.listen(0, "127.0.0.1", () => {
      const address = server.address()
      server.close(() => {
        if (address !== null && typeof address === "object") resolve(address.port)
        else reject(new Error("The system gave no free port."))
      })
    })
  })
}
