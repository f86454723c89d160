/** `npm run bench`: how quick the web UI is; with `--strict` it ends with 1 where a target is missed. */
import { fileURLToPath } from "node:url"
import { runnerImport } from "vite"

const { module } = await runnerImport(fileURLToPath(new URL("../tests/bench.ts", import.meta.url)))
await module.measure(process.argv.includes("--strict"))
