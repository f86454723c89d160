import { Select } from "@mantine/core"
import { useMe } from "@/shell/door"
import { ROLES, type Role } from "@/shell/roles"

const WORDS: Readonly<Record<Role, string>> = {
  viewer: "looks",
  operator: "runs, repairs, pauses",
  editor: "changes connections, pools, versions",
  admin: "says who may come in",
}

interface RoleSelectProps {
  readonly value: Role
  readonly onChange: (role: Role) => void
  /** Within a table, where its column says what it is: for whom. */
  readonly of?: string
  /** Only roles that who is logged in has, too. */
  readonly own?: boolean
  readonly disabled?: boolean
}

/** A role, with what it may. */
export function RoleSelect({ value, onChange, of, own = false, disabled = false }: RoleSelectProps) {
  const mine = useMe()?.role ?? "viewer"
  const most = own ? ROLES.indexOf(mine) : ROLES.length - 1
  return (
    <Select
      {...(of === undefined ? { label: "Role" } : { variant: "unstyled", "aria-label": `Role of ${of}` })}
      data={ROLES.slice(0, most + 1).map((role) => ({ value: role, label: `${role}: ${WORDS[role]}` }))}
      value={value}
      allowDeselect={false}
      disabled={disabled}
      onChange={(role) => role && role !== value && onChange(role as Role)}
    />
  )
}
