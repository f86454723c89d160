/** The roles, each may what those before it may, and more. */
export const ROLES = ["viewer", "operator", "editor", "admin"] as const
export type Role = (typeof ROLES)[number]

/** Whether a role may what another asks for; nobody (undefined) may nothing. */
export function reaches(mine: Role | undefined, asked: Role): boolean {
  return mine !== undefined && ROLES.indexOf(mine) >= ROLES.indexOf(asked)
}
