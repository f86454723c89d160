import { Button } from "@mantine/core"
import { type FormEvent, useMemo, useState } from "react"
import { api, type Schema } from "@/api/client"
import { asProblem } from "@/api/problem"
import { Refusal } from "@/parts/empty"
import { Fields } from "@/parts/launch/fields"
import { type Definitions, defaultsOf, type JsonSchema } from "@/parts/launch/schema"
import { problemsOf } from "@/parts/launch/validate"
import { forApi, setAt, type Values } from "@/parts/launch/values"

interface AnswerFormProps {
  readonly run: string
  readonly question: Schema["QuestionView"]
}

/** The answer to a question of a run, by the form that it asks with. An answer that is no object stands in one field. */
export function AnswerForm({ run, question }: AnswerFormProps) {
  const form = question.form as JsonSchema & { $defs?: Definitions }
  const isObject = form.type === "object"
  const schema = useMemo(
    (): JsonSchema =>
      isObject ? form : { type: "object", properties: { answer: form }, required: ["answer"] },
    [form, isObject],
  )
  const definitions = useMemo((): Definitions => form.$defs ?? {}, [form])
  const base = useMemo(() => defaultsOf({ schema, definitions }), [schema, definitions])
  const [values, setValues] = useState<Values>(base)
  const [tried, setTried] = useState(false)
  const give = api.useMutation("post", "/api/v1/runs/{id}/input", { meta: { quiet: true } })
  const problems = problemsOf(values, schema, definitions).filter((each) => tried || !each.missing)
  const submit = (event: FormEvent) => {
    event.preventDefault()
    setTried(true)
    if (problemsOf(values, schema, definitions).length > 0) return
    const given = forApi(values)
    give.mutate({
      params: { path: { id: run } },
      body: { key: question.key, value: (isObject ? given : given.answer) as never },
    })
  }
  return (
    <form onSubmit={submit} style={{ padding: "8px 0" }}>
      <Fields
        schema={schema}
        form={{
          values,
          base,
          definitions,
          problems: new Map(problems.map((each) => [each.path, each.problem])),
          change: (path, to) => setValues((before) => setAt(before, path, to)),
        }}
      />
      {give.error && <Refusal problem={asProblem(give.error)} />}
      <Button type="submit" mt={12} loading={give.isPending}>
        Give this answer
      </Button>
    </form>
  )
}
