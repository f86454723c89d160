/** Partitions of an asset and intervals of a pipeline are asked for in the same words, at paths of their own. */
import { api, http, type Schema } from "@/api/client"
import type { paths } from "@/api/schema"

/** Whose partitions. */
export interface Owner {
  readonly kind: "pipeline" | "asset"
  readonly name: string
}

type Query<Path extends keyof paths> = paths[Path] extends {
  get: { parameters: { query?: infer Found } }
}
  ? NonNullable<Found>
  : never

export type StripQuery = Query<"/api/v1/assets/{key}/partitions">
export type KeysQuery = Query<"/api/v1/assets/{key}/partition-keys">
export type PickQuery = Query<"/api/v1/assets/{key}/partition-selection">

export interface Asking {
  readonly enabled?: boolean
  /** Without the last truth while the next one is on its way, and without trying a refusal again. */
  readonly strict?: boolean
}

function options({ enabled = true, strict = false }: Asking) {
  return { enabled, ...(strict ? { retry: false, placeholderData: undefined } : {}) }
}

/** How partitions stand, as runs of the same status. */
export function useStripOf({ kind, name }: Owner, query: StripQuery, asking: Asking = {}) {
  const given = options(asking)
  const ofPipeline = api.useQuery(
    "get",
    "/api/v1/pipelines/{name}/partitions",
    { params: { path: { name }, query } },
    { ...given, enabled: given.enabled && kind === "pipeline" },
  )
  const ofAsset = api.useQuery(
    "get",
    "/api/v1/assets/{key}/partitions",
    { params: { path: { key: name }, query } },
    { ...given, enabled: given.enabled && kind === "asset" },
  )
  return kind === "pipeline" ? ofPipeline : ofAsset
}

/** Partitions in order with their keys. */
export function useKeysOf({ kind, name }: Owner, query: KeysQuery, asking: Asking = {}) {
  const given = options(asking)
  const ofPipeline = api.useQuery(
    "get",
    "/api/v1/pipelines/{name}/partition-keys",
    { params: { path: { name }, query } },
    { ...given, enabled: given.enabled && kind === "pipeline" },
  )
  const ofAsset = api.useQuery(
    "get",
    "/api/v1/assets/{key}/partition-keys",
    { params: { path: { key: name }, query } },
    { ...given, enabled: given.enabled && kind === "asset" },
  )
  return kind === "pipeline" ? ofPipeline : ofAsset
}

/** What a text selects. */
export function usePickOf({ kind, name }: Owner, query: PickQuery, asking: Asking = {}) {
  const given = options(asking)
  const ofPipeline = api.useQuery(
    "get",
    "/api/v1/pipelines/{name}/partition-selection",
    { params: { path: { name }, query } },
    { ...given, enabled: given.enabled && kind === "pipeline" },
  )
  const ofAsset = api.useQuery(
    "get",
    "/api/v1/assets/{key}/partition-selection",
    { params: { path: { key: name }, query } },
    { ...given, enabled: given.enabled && kind === "asset" },
  )
  return kind === "pipeline" ? ofPipeline : ofAsset
}

/** Under which key the answer to a selection is kept, so that what was drawn is known at once as text. */
export function pickKey({ kind, name }: Owner, query: PickQuery) {
  return kind === "pipeline"
    ? api.queryOptions("get", "/api/v1/pipelines/{name}/partition-selection", {
        params: { path: { name }, query },
      }).queryKey
    : api.queryOptions("get", "/api/v1/assets/{key}/partition-selection", {
        params: { path: { key: name }, query },
      }).queryKey
}

/** Turn ordinals or statuses into text. */
export async function askPick(
  { kind, name }: Owner,
  query: PickQuery,
): Promise<Schema["PickView"] | undefined> {
  if (kind === "pipeline") {
    const path = "/api/v1/pipelines/{name}/partition-selection"
    return (await http.GET(path, { params: { path: { name }, query } })).data
  }
  const path = "/api/v1/assets/{key}/partition-selection"
  return (await http.GET(path, { params: { path: { key: name }, query } })).data
}
