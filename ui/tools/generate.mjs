/**
 * Makes src/api/schema.d.ts from the API as the Python source here declares it: `npm run generate`.
 * With `--check` it writes nothing, and fails where the file is not what it would write.
 *
 * WEFT_PYTHON names the interpreter that has weft; the one in .venv unless given.
 */
import { execFileSync } from "node:child_process"
import { existsSync, readFileSync, writeFileSync } from "node:fs"
import { fileURLToPath, pathToFileURL } from "node:url"

const at = (path) => fileURLToPath(new URL(path, import.meta.url))
const FILE = at("../src/api/schema.d.ts")
const TYPES = at("./types/")

function installTools() {
  if (existsSync(`${TYPES}node_modules/openapi-typescript/package.json`)) return
  const npm = process.env.npm_execpath
  const [command, first] = npm ? [process.execPath, [npm]] : ["npm", []]
  execFileSync(command, [...first, "ci", "--ignore-scripts"], { cwd: TYPES, stdio: "inherit" })
}

/** One refusal an operation: all are alike (problem+json), and told anew for each status they would be half the file. */
function withOneRefusal(document) {
  for (const path of Object.values(document.paths))
    for (const { responses = {} } of Object.values(path))
      for (const status of Object.keys(responses)
        .filter((each) => each >= "400")
        .slice(1))
        delete responses[status]
  return document
}

async function generated() {
  const python = process.env.WEFT_PYTHON ?? at("../../.venv/bin/python")
  const told = execFileSync(python, [at("./openapi.py")], { maxBuffer: 1 << 28, encoding: "utf8" })
  installTools()
  const generator = pathToFileURL(`${TYPES}node_modules/openapi-typescript/dist/index.mjs`)
  const { astToString, COMMENT_HEADER, default: typesOf } = await import(generator.href)
  return `${COMMENT_HEADER}${astToString(await typesOf(withOneRefusal(JSON.parse(told))))}`
}

const made = await generated()
const kept = existsSync(FILE) ? readFileSync(FILE, "utf8") : ""
if (made === kept) console.log("src/api/schema.d.ts is what the API declares.")
else if (process.argv.includes("--check")) {
  const lines = kept.split("\n")
  const line = made.split("\n").findIndex((each, index) => each !== lines[index])
  console.error(`src/api/schema.d.ts is not what the API declares, from line ${line + 1} on:`)
  console.error(`  declared: ${made.split("\n")[line]}\n  kept:     ${lines[line] ?? ""}`)
  console.error("`npm run generate` in ui/ makes it anew.")
  process.exitCode = 1
} else {
  writeFileSync(FILE, made)
  console.log("src/api/schema.d.ts was made anew.")
}
