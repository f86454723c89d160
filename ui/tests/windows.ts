/** Windows of a test file: each test's are closed after it, and pictured in `tests/out` first where it failed. */
import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import type { BrowserContextOptions } from "playwright-core"
import { afterAll, afterEach } from "vitest"
import { closeBrowser, stranger, type Visit, visit } from "./browser"
import type { Server } from "./servers/weft"

const OUT = fileURLToPath(new URL("./out/", import.meta.url))

export function windows() {
  const open: Visit[] = []
  afterEach(async ({ task }) => {
    const failed = task.result?.state === "fail"
    for (const [at, each] of open.splice(0).entries()) {
      if (failed) await picture(each, `${task.suite?.name ?? ""} ${task.name} ${at || ""}`)
      await each.context.close()
    }
  })
  afterAll(closeBrowser)
  const keep = (made: Visit) => {
    open.push(made)
    return made
  }
  return {
    visit: async (server: Server, options: BrowserContextOptions = {}) => keep(await visit(server, options)),
    stranger: async (options: BrowserContextOptions = {}) => keep(await stranger(options)),
  }
}

async function picture(of: Visit, name: string): Promise<void> {
  const file = join(OUT, name.replace(/[^a-z0-9]+/gi, "-").slice(0, 90))
  mkdirSync(OUT, { recursive: true })
  writeFileSync(`${file}.txt`, [of.page.url(), ...of.complaints].join("\n"))
  await of.page.screenshot({ path: `${file}.png` }).catch((error: Error) => of.complaints.push(error.message))
}
