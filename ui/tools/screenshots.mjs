/** `npm run screenshots [names]`: docs/screenshots, made anew; with names only the pages that begin with them. */
import { fileURLToPath } from "node:url"
import { runnerImport } from "vite"

const { module } = await runnerImport(fileURLToPath(new URL("../tests/pictures.ts", import.meta.url)))
await module.takeAll(process.argv.slice(2))
