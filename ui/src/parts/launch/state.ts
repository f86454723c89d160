/** Which launch dialog is open, from anywhere: `openLaunch({ kind: "pipeline", name })`. */
import { create } from "zustand"
import type { Config } from "./config"
import type { RerunMode } from "./rerun"

/** A new run of a pipeline or job, or the making of an asset. */
export interface NewLaunch {
  readonly kind: "pipeline" | "job" | "asset"
  readonly name: string
  /** As people write them: `2024-01-05`, `2024-01-01..2024-01-31`, `a,b`. */
  readonly partitions?: string
  readonly params?: Readonly<Record<string, unknown>>
}

/** A re-run: all of it, what failed, or from (or only) a step. */
export interface RerunLaunch {
  readonly rerunOf: string
  readonly mode?: RerunMode
  /** The task, for `from`, `only` and `only+`. */
  readonly step?: string
}

export type Launch = NewLaunch | RerunLaunch

interface State {
  readonly open: Launch | null
  /** Each opening is a dialog of its own, with nothing left from the one before. */
  readonly count: number
}

export const useLaunch = create<State>(() => ({ open: null, count: 0 }))

export function openLaunch(launch: Launch): void {
  useLaunch.setState(({ count }) => ({ open: launch, count: count + 1 }))
}

export function closeLaunch(): void {
  useLaunch.setState({ open: null })
}

/** What was typed into a dialog that was closed without starting anything; gone when the page is left. */
const drafts = new Map<string, Config>()

export function draftOf(key: string): Config | undefined {
  return drafts.get(key)
}

export function keepDraft(key: string, config: Config | null): void {
  if (config === null) drafts.delete(key)
  else drafts.set(key, config)
}
