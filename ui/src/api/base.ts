/**
 * Where weft is served: `/`, or a path below it such as `/x/y/`. The server says so by a `<base>` in the page, so that
 * one build works anywhere; without one (while developing) it is the root.
 */
export function baseUrl(): URL {
  const given = document.querySelector("base")?.getAttribute("href")
  return new URL(given ?? "/", location.origin)
}

/** The path before the pages' own paths, without a slash at its end: "" or "/x/y". */
export function basePath(): string {
  return baseUrl().pathname.replace(/\/$/, "")
}
