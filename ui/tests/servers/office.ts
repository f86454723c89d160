/** A small project in which everything that a dialog changes is there: keys, a pool, a sensor, a schedule, versions. */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { type Server, startDev } from "./weft"

const DEFINITIONS = `
import time

from weft import DynamicPartitions, RunRequest, SkipReason, asset, connections, flow, sensor, task

customers = DynamicPartitions(name="customers")


@asset(partitions=customers)
def letters(context) -> str:
    return f"Dear {context.partition_key}"


@asset
def rates() -> float:
    return time.time()


@asset
def invoices(rates: float) -> str:
    return str(connections.get("warehouse").host)


@task(pool="press")
def printed(page: int) -> int:
    return page


@flow(schedule="0 4 1 1 *")
def nightly(pages: int = 1) -> int:
    return printed(pages)


@sensor(target=nightly, every="1h")
def letters_come(context):
    if not context.cursor:
        return SkipReason("no letter has come")
    return RunRequest(key=context.cursor)
`
const SETTINGS = `definitions = "office.py"
keep_versions = 1

[pools]
press = 2
`

export const PASSWORD = "correct horse battery staple"

/** `weft dev` in a new folder with that project. */
export async function startOffice(): Promise<Server> {
  const home = await mkdtemp(join(tmpdir(), "weft-ui-"))
  const project = join(home, "office")
  await mkdir(project)
  await writeFile(join(project, "office.py"), DEFINITIONS)
  await writeFile(join(project, "weft.toml"), SETTINGS)
  const server = await startDev(project)
  return {
    ...server,
    async stop() {
      await server.stop()
      await rm(home, { recursive: true, force: true })
    },
  }
}
