import { Button, Modal, NumberInput } from "@mantine/core"
import { type FormEvent, useState } from "react"
import { api } from "@/api/client"
import { asProblem } from "@/api/problem"
import { Refusal } from "@/parts/empty"
import type { Execution } from "@/parts/plan-execution"
import classes from "./execution.module.css"

/** Changes the priority of an execution, and how many of its runs may be under way at once. */
export function ChangeExecution({ execution, onClose }: { execution: Execution; onClose: () => void }) {
  const [priority, setPriority] = useState<number | string>(execution.priority)
  const [concurrency, setConcurrency] = useState<number | string>(execution.concurrency ?? "")
  const changed = api.useMutation("patch", "/api/v1/executions/{id}", {
    meta: { quiet: true },
    onSuccess: onClose,
  })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    changed.mutate({
      params: { path: { id: execution.id } },
      body: { priority: Number(priority), concurrency: concurrency === "" ? null : Number(concurrency) },
    })
  }
  return (
    <Modal opened onClose={onClose} title="Change this execution">
      <form onSubmit={submit} className={classes.fields}>
        <NumberInput
          label="Priority"
          description="What has more goes first, its runs that wait too"
          min={-1000}
          max={1000}
          value={priority}
          onChange={setPriority}
          data-autofocus
        />
        <NumberInput
          label="Runs at once"
          description="Empty for as many as there is room for"
          min={1}
          max={100_000}
          value={concurrency}
          onChange={setConcurrency}
        />
        {changed.error && <Refusal problem={asProblem(changed.error)} />}
        <div className={classes.buttons}>
          <Button variant="default" onClick={onClose}>
            Leave it
          </Button>
          <Button type="submit" loading={changed.isPending}>
            Change
          </Button>
        </div>
      </form>
    </Modal>
  )
}
