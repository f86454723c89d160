import { useCallback, useMemo, useState } from "react"
import type { Schema } from "@/api/client"
import type { Problem } from "@/api/problem"
import { begin, type Config } from "./config"
import { type Placed, placed } from "./refusals"
import { type Definitions, defaultsOf, type JsonSchema, type Parameters } from "./schema"
import { draftOf, keepDraft } from "./state"
import { same, type Values } from "./values"

/** The parameters that a pipeline declares, as its page of the API has them. */
export function parametersOf(detail: Schema["PipelineDetail"]): Parameters {
  return {
    schema: {
      type: "object",
      properties: detail.params as Record<string, JsonSchema>,
      required: detail.required,
      additionalProperties: false,
    },
    definitions: detail.definitions as Definitions,
  }
}

interface ConfigState {
  readonly parameters: Parameters
  readonly config: Config
  readonly base: Values
  readonly change: (config: Config) => void
  /** What was refused, while it still stands for what is typed. */
  readonly refused: Placed
  readonly refuse: (problem: Problem | null) => void
  readonly problem: Problem | null
  /** Whether the values are those of a dialog that was closed before. */
  readonly isDraft: boolean
  readonly startOver: () => void
  readonly done: () => void
}

/**
 * The parameters of a launch. They depend on what is launched and on nothing else in the dialog: whatever partition,
 * pool or mode is chosen, what was typed stays.
 */
export function useConfig(
  key: string,
  detail: Schema["PipelineDetail"],
  given: Values | undefined,
): ConfigState {
  const parameters = useMemo(() => parametersOf(detail), [detail])
  // what they were when the dialog was opened; a pipeline that is loaded anew meanwhile doesn't undo what was typed
  const [base] = useState<Values>(() => ({ ...defaultsOf(parameters), ...given }))
  const [{ config, isDraft }, set] = useState(() => {
    const draft = given === undefined ? draftOf(key) : undefined
    return { config: draft ?? begin(base), isDraft: draft !== undefined }
  })
  const [problem, refuse] = useState<Problem | null>(null)
  const change = useCallback(
    (next: Config) => {
      set((before) => ({ config: next, isDraft: before.isDraft }))
      refuse(null)
      keepDraft(key, next.problem === null && same(next.values, base) ? null : next)
    },
    [key, base],
  )
  const refused = useMemo(
    () => placed(problem, new Set(Object.keys(parameters.schema.properties ?? {}))),
    [problem, parameters],
  )
  return {
    parameters,
    config,
    base,
    change,
    refused,
    refuse,
    problem,
    isDraft: isDraft && !same(config.values, base),
    startOver: () => {
      set({ config: begin(base), isDraft: false })
      keepDraft(key, null)
    },
    done: () => keepDraft(key, null),
  }
}
