import { Button } from "@mantine/core"
import { Link } from "@tanstack/react-router"
import { Section } from "@/parts/panel"
import { Executions } from "@/parts/plan-executions"
import { planPath } from "@/shell/links"
import { Page } from "@/shell/page"
import { SavedPlans } from "./saved"

/** What was applied lately and how far it is, and the plans that were kept. */
export default function PlansPage() {
  return (
    <Page
      title="Plans"
      actions={
        <Button size="sm" component={Link} to={planPath({})}>
          New plan
        </Button>
      }
    >
      <Section title="Saved plans" note="kept to be looked at, and applied exactly as they are or not at all">
        <SavedPlans />
      </Section>
      <Section title="Executions" note="plans as they were, or are being, carried out">
        <Executions />
      </Section>
    </Page>
  )
}
