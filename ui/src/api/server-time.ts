/**
 * The server's time. A browser's clock may be wrong by hours, and what happened a minute ago must not look as if it
 * were to come; so ages are counted from the time that the server's answers carry.
 */

/** Milliseconds that the server is ahead of this browser; small differences are those of the way and of whole seconds. */
let ahead = 0
/** From which difference on it counts, in milliseconds. */
const COUNTS = 5000

/** The time at the server, in milliseconds. */
export function serverNow(): number {
  return Date.now() + ahead
}

/** Learn the time from the `Date` of an answer that has just come. */
export function learnTime(date: string | null): void {
  const told = date === null ? Number.NaN : Date.parse(date)
  if (Number.isNaN(told)) return
  const difference = told - Date.now()
  if (Math.abs(difference) <= COUNTS) ahead = 0
  else if (Math.abs(difference - ahead) > COUNTS) ahead = difference
}
