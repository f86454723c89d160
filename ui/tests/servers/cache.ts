/** What is slow to make is kept between runs of the tests, under a name that changes with what it was made from. */
import { createHash } from "node:crypto"
import { existsSync } from "node:fs"
import { mkdir, readdir, readFile, rename, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"

const HOME = process.env.WEFT_UI_CACHE ?? join(tmpdir(), "weft-ui-cache")
const IGNORED = new Set([".weft", "__pycache__", "node_modules", "corrections"])

/** A folder that `make` filled, now or at an earlier time when `from` (files and folders) had the same content. */
export async function made(
  name: string,
  from: readonly string[],
  make: (folder: string) => Promise<void>,
): Promise<string> {
  const folder = join(HOME, `${name}-${await digest(from)}`)
  if (existsSync(folder)) return folder
  await forget(name)
  const building = `${folder}.${process.pid}`
  await mkdir(building, { recursive: true })
  try {
    await make(building)
    await rename(building, folder)
  } finally {
    await rm(building, { recursive: true, force: true })
  }
  return folder
}

/** Removes what was made of the same name from other content: some of it is large. */
async function forget(name: string): Promise<void> {
  const old = new RegExp(`^${name}-[0-9a-f]{12}$`)
  for (const each of await readdir(HOME).catch(() => []))
    if (old.test(each)) await rm(join(HOME, each), { recursive: true, force: true })
}

async function digest(from: readonly string[]): Promise<string> {
  const hash = createHash("sha256")
  for (const each of from) await add(hash, each)
  return hash.digest("hex").slice(0, 12)
}

async function add(hash: ReturnType<typeof createHash>, path: string): Promise<void> {
  const entries = await readdir(path, { withFileTypes: true }).catch(() => null)
  if (entries === null) {
    hash.update(path).update(await readFile(path))
    return
  }
  for (const entry of entries.sort((one, other) => one.name.localeCompare(other.name)))
    if (!IGNORED.has(entry.name) && !entry.name.endsWith(".pyc")) await add(hash, join(path, entry.name))
}
