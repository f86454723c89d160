import type { Schema } from "@/api/client"

type Setting = Schema["SettingView"]

/** What each setting says, in a few words; what stands in a table that people name themselves is known by its table. */
const ABOUT: Readonly<Record<string, string>> = {
  definitions: "the module or file that is loaded",
  home: "where the ledger, outputs and logs are",
  storage: "where outputs are kept",
  executor: "where the steps of a run are carried out",
  jobs: "steps at once in one run",
  on_failure: "what a failed step stops",
  code_changes: "what changed code means for history",
  durability: "what a power cut may take",
  keep_versions: "of each partition; gc removes the others",
  keep_runs: "of each pipeline, with logs and values",
  "queue.max_runs": "runs under way at once; no bound unless given",
  "queue.tag_limits": "runs under way at once whose pipeline has the tag",
  "queue.priorities": "of its runs, unless one is asked for",
  pools: "slots for the steps of all runs; those set under Queue and pools go before",
  "server.host": "the address that it listens on",
  "server.port": "the port that it listens on",
  "server.hosts": "further names by which it is called",
  "server.url": "where people reach it",
  "server.base_path": "the path under which a proxy serves it",
  "server.behind_proxy": "whether a proxy in front does TLS",
  "server.proxies": "proxies that are believed",
  "server.certificate": "for TLS of its own",
  "server.key": "the file with the key of the certificate",
  "server.otel_endpoint": "where traces go",
  "scheduler.grace": "how late a tick may be and not be missed",
  "alerts.defaults": "whether the default rules hold",
  "alerts.channels": "ways to tell people, by name",
  "alerts.rules": "rules of the file, by name",
  "alerts.routes": "who is told of what",
  resources: "those with fields in the file, by name",
  config: "steps with a config in the file",
  connections: "those of the file, by name",
  locations: "code that is loaded apart, by name",
}

/** What a setting says; "" for one that is not known here. */
export function aboutOf(name: string): string {
  for (let known = name; known; known = known.slice(0, Math.max(0, known.lastIndexOf(".")))) {
    const about = ABOUT[known]
    if (about !== undefined) return about
  }
  return ""
}

/** A value as people write it. */
export function valueWords(value: unknown): string {
  if (value === null || value === undefined || value === "") return "–"
  if (Array.isArray(value)) return value.length === 0 ? "none" : value.map(String).join(", ")
  return typeof value === "object" ? JSON.stringify(value) : String(value)
}

/** Where a value comes from: the file, the variable or the option; "default" where nobody gave it. */
export function sourceWords({ source, where }: Pick<Setting, "source" | "where">): string {
  switch (source) {
    case "file":
      return where
    case "environment":
      return `the variable ${where}`
    case "flag":
      return `the command line, ${where}`
    case "default":
      return "default"
  }
}
