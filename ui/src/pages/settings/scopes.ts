/** The scopes that a description of the API names, in its words: "Asks for the role `viewer` and the scope `runs.read`." */
export function scopesOf(document: unknown): string[] {
  const paths = (
    document as { paths?: Readonly<Record<string, Readonly<Record<string, unknown>>>> } | undefined
  )?.paths
  const found = new Set<string>()
  for (const operations of Object.values(paths ?? {}))
    for (const operation of Object.values(operations)) {
      const words = (operation as { description?: unknown } | null)?.description
      const scope = typeof words === "string" ? /the scope `([\w.-]+)`/.exec(words)?.[1] : undefined
      if (scope) found.add(scope)
    }
  return [...found].sort()
}
