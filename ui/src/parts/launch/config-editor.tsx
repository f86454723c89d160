import { SegmentedControl } from "@mantine/core"
import { useMemo, useState } from "react"
import { YamlField } from "@/parts/yaml-field"
import { type Config, changeAt, replaced, typed } from "./config"
import classes from "./config-editor.module.css"
import { Fields } from "./fields"
import type { Parameters } from "./schema"
import { problemsOf } from "./validate"
import { same, type Values } from "./values"

interface ConfigEditorProps {
  readonly parameters: Parameters
  readonly config: Config
  readonly onChange: (config: Config) => void
  /** What the values were at first. */
  readonly base: Values
  /** What the server refused, by path. */
  readonly refused: ReadonlyMap<string, string>
  /** Whether one tried to start: then also what was not given is told. */
  readonly tried: boolean
}

/** Parameters as a form and as YAML beside it. Where there is little room one of them is shown. */
export function ConfigEditor({ parameters, config, onChange, base, refused, tried }: ConfigEditorProps) {
  const [view, setView] = useState<"form" | "yaml">("form")
  const problems = useMemo(() => {
    const own = problemsOf(config.values, { type: "object", ...parameters.schema }, parameters.definitions)
    return new Map([
      ...refused,
      ...own.filter((each) => tried || !each.missing).map((each) => [each.path, each.problem] as const),
    ])
  }, [config.values, parameters, refused, tried])
  const known = parameters.schema.properties ?? {}
  const strangers = [...problems].filter(([path]) => !Object.hasOwn(known, path.split(".")[0] ?? ""))
  return (
    <div className={classes.editor} data-view={view}>
      <div className={classes.bar}>
        <h3>Parameters</h3>
        {!same(config.values, base) && (
          <button type="button" className={classes.link} onClick={() => onChange(replaced(base))}>
            Set all back
          </button>
        )}
        <SegmentedControl
          className={classes.switch}
          aria-label="How parameters are shown"
          value={view}
          onChange={(to) => setView(to === "yaml" ? "yaml" : "form")}
          data={[
            { value: "form", label: "Form" },
            { value: "yaml", label: "YAML" },
          ]}
        />
      </div>
      <div className={classes.form}>
        {config.problem !== null && (
          <p className={classes.waits} role="status">
            The form shows the values before: the YAML cannot be read from line {config.problem.line} on.
          </p>
        )}
        <Fields
          schema={parameters.schema}
          form={{
            values: config.values,
            base,
            definitions: parameters.definitions,
            problems,
            change: (path, to) => onChange(changeAt(config, path, to)),
          }}
        />
      </div>
      <div className={classes.yaml}>
        <div className={classes.text}>
          <YamlField
            label="Parameters as YAML"
            value={config.text}
            problem={config.problem}
            placeholder="name: value"
            onChange={(text) => onChange(typed(config, text))}
          />
        </div>
        {config.problem !== null && (
          <p className={classes.problem} role="alert">
            Line {config.problem.line}: {config.problem.problem}
          </p>
        )}
        {strangers.map(([path, problem]) => (
          <p key={path} className={classes.problem} role="alert">
            <code>{path}</code>: {problem}
          </p>
        ))}
      </div>
    </div>
  )
}

/** Whether nothing speaks against sending these values. */
export function isReady(config: Config, { schema, definitions }: Parameters): boolean {
  return (
    config.problem === null &&
    problemsOf(config.values, { type: "object", ...schema }, definitions).length === 0
  )
}
