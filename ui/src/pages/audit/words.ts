/** What a change was made with, in one line: `note asking the exchange, role operator`. */
export function detailWords(detail: unknown): string {
  if (detail === null || detail === undefined || detail === "") return ""
  if (typeof detail !== "object" || Array.isArray(detail)) return written(detail)
  return Object.entries(detail)
    .filter(([, value]) => !isEmpty(value))
    .map(([name, value]) =>
      // what was typed on the command line needs no name
      name === "arguments" ? written(value) : `${name.replaceAll("_", " ")} ${written(value)}`,
    )
    .join(", ")
}

function written(value: unknown): string {
  if (Array.isArray(value)) return value.map(written).join(" ")
  if (typeof value === "object" && value !== null)
    return Object.entries(value)
      .map(([name, each]) => `${name}=${written(each)}`)
      .join(" ")
  return typeof value === "boolean" ? (value ? "yes" : "no") : String(value)
}

function isEmpty(value: unknown): boolean {
  return (
    value === null ||
    value === undefined ||
    value === "" ||
    (typeof value === "object" && Object.keys(value).length === 0)
  )
}
