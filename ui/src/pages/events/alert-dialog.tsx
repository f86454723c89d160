import { Button, Modal, MultiSelect, Select, TextInput } from "@mantine/core"
import { notifications } from "@mantine/notifications"
import { type FormEvent, useState } from "react"
import { api } from "@/api/client"
import { asProblem } from "@/api/problem"
import { Refusal } from "@/parts/empty"
import { useAnew } from "../incidents/use-anew"
import type { Suggested } from "./alert-rule"
import classes from "./events.module.css"
import { typeWords } from "./words"

const SEVERITIES = ["info", "warning", "error", "critical"] as const
type Severity = (typeof SEVERITIES)[number]

interface AlertProps {
  readonly rule: Suggested
  readonly onClose: () => void
}

/** Makes an alert rule of an event: whenever such an event comes, an incident opens and people are told. */
export function AlertDialog({ rule, onClose }: AlertProps) {
  const alerts = api.useQuery("get", "/api/v1/alerts").data
  const anew = useAnew()
  const [name, setName] = useState(rule.name)
  const [subject, setSubject] = useState(rule.subject)
  const [outcome, setOutcome] = useState(rule.outcome)
  const [severity, setSeverity] = useState<Severity>(rule.outcome === "failed" ? "error" : "warning")
  const [channels, setChannels] = useState<string[]>([])
  const make = api.useMutation("post", "/api/v1/alerts/rules", {
    meta: { quiet: true },
    onSuccess: (made) => {
      anew()
      notifications.show({
        title: `The rule ${made.name} is in force`,
        message: "It stands under Alerts, Rules and channels, and can be taken away there.",
      })
      onClose()
    },
  })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    make.mutate({
      body: {
        name: name.trim(),
        on: ["event"],
        events: { types: [rule.type], subject: subject.trim() || null, outcome: outcome || null },
        select: null,
        severity,
        channels,
        after: 0,
        repeat: null,
      },
    })
  }
  const known = Object.keys(alerts?.channels ?? {})
  return (
    <Modal opened onClose={onClose} title="Alert on this" size="lg">
      <form className={classes.form} onSubmit={submit}>
        <p className={classes.dim}>
          An incident opens whenever the log has <b>{typeWords(rule.type)}</b>
          {subject ? (
            <>
              {" "}
              about <b>{subject}</b>
            </>
          ) : (
            " about anything"
          )}
          {outcome && (
            <>
              {" "}
              with the outcome <b>{outcome.replaceAll("_", " ")}</b>
            </>
          )}
          . The same again is counted, not told again.
        </p>
        <TextInput
          label="Name"
          description="What silences and messages call it"
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          required
          data-autofocus
          spellCheck={false}
        />
        <div className={classes.pair}>
          <TextInput
            label="About"
            description="* stands for any letters; empty: anything"
            placeholder="pipeline:*"
            value={subject}
            onChange={(event) => setSubject(event.currentTarget.value)}
            spellCheck={false}
          />
          <Select
            label="Outcome"
            description="Only where it ended so"
            placeholder="any"
            data={[...new Set([rule.outcome, "failed", "timed_out", "crashed", "succeeded"])]
              .filter(Boolean)
              .map((value) => ({ value, label: value.replaceAll("_", " ") }))}
            value={outcome || null}
            onChange={(value) => setOutcome(value ?? "")}
            clearable
          />
          <Select
            label="Severity"
            data={[...SEVERITIES]}
            value={severity}
            allowDeselect={false}
            onChange={(value) => value && setSeverity(value as Severity)}
          />
          <MultiSelect
            label="Over"
            placeholder={
              channels.length > 0 ? undefined : known.length > 0 ? "all channels" : "no channel yet"
            }
            data={known}
            value={channels}
            onChange={setChannels}
            disabled={known.length === 0}
          />
        </div>
        {make.error && <Refusal problem={asProblem(make.error)} />}
        <p className={classes.buttons}>
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={make.isPending}>
            Make the rule
          </Button>
        </p>
      </form>
    </Modal>
  )
}
