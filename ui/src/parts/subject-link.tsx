import { Link } from "@tanstack/react-router"
import { subjectPath } from "@/shell/links"

/** What an event or an incident is about, such as `asset:orders`, as a link to its page; ids are cut short. */
export function SubjectLink({ subject, kind = false }: { subject: string; kind?: boolean }) {
  const [what, name] = subjectParts(subject)
  const shown = SHORT.has(what) ? <span className="mono">{name.slice(0, 8)}</span> : name
  const words =
    kind && what ? (
      <>
        {what} {shown}
      </>
    ) : (
      shown
    )
  const path = subjectPath(subject)
  return path ? (
    <Link to={path} title={subject}>
      {words}
    </Link>
  ) : (
    <span title={subject}>{words}</span>
  )
}

/** Things that are named by a long id. */
const SHORT = new Set(["run", "execution", "incident", "silence", "plan", "operation", "token"])

export function subjectParts(subject: string): readonly [kind: string, name: string] {
  const colon = subject.indexOf(":")
  return colon < 0 ? ["", subject] : [subject.slice(0, colon), subject.slice(colon + 1)]
}
