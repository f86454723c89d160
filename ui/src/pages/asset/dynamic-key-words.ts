/** The keys that stand in a text, one a line: each once, without what surrounds it. */
export function keysOf(typed: string): readonly string[] {
  return [...new Set(typed.split("\n").map((each) => each.trim()))].filter((each) => each !== "")
}
