/** A generated installation, made once for each size and kept; `weft dev` is started on it as it is. */
import { execFile } from "node:child_process"
import { readFileSync } from "node:fs"
import { cp, mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { made } from "./cache"
import { program, REPOSITORY, type Server, startDev } from "./weft"

const MAKER = fileURLToPath(new URL("./installation.py", import.meta.url))
const run = promisify(execFile)

interface Size {
  readonly assets?: number
  readonly runs?: number
  /** Megabytes of the one long log; 0 for none. */
  readonly log?: number
}

export interface Facts {
  readonly assets: number
  readonly runs: number
  readonly log: { readonly run: string; readonly line: number; readonly error: string }
}

/** What is in an installation. */
export function factsOf(server: Server): Facts {
  return JSON.parse(readFileSync(join(server.folder, "facts.json"), "utf8")) as Facts
}

export async function startInstallation({
  assets = 10_000,
  runs = 1_000_000,
  log = 200,
}: Size): Promise<Server> {
  const from = await made(
    `installation-${assets}-${runs}-${log}`,
    [MAKER, join(REPOSITORY, "src", "weft", "stores")],
    async (folder) => {
      const size = ["--assets", String(assets), "--runs", String(runs), "--log-megabytes", String(log)]
      await run(program("python"), [MAKER, folder, ...size])
    },
  )
  // a copy, so that what a test changes is not there the next time; files that are shared cost nothing
  const folder = await mkdtemp(join(tmpdir(), "weft-ui-large-"))
  await cp(from, folder, { recursive: true, mode: COPY_ON_WRITE })
  const server = await startDev(folder, { args: ["--no-scheduler"] })
  return {
    ...server,
    async stop() {
      await server.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** Tries to share the blocks of files, and copies them where the file system can't. */
const COPY_ON_WRITE = 2
