/**
 * What is asked for twice in a breath is done once: a double click, or a click and a key, start one execution. A call
 * that changes something and equals one under way, or one that has just succeeded, gets the answer of that one.
 */

type Send = (request: Request) => Promise<Response>

/** Milliseconds after an answer until a page shows it, in which the same is asked for by mistake only. */
const BREATH = 250

/** Calls that only look, though they are no GET: each is to have an answer of its own time. */
const LOOKS = /\/(outline|preview)$/

/** `send`, but the same change only once at a time. */
export function once(send: Send): Send {
  const under = new Map<string, Promise<Response>>()
  return async (request) => {
    if (request.method === "GET" || LOOKS.test(new URL(request.url).pathname)) return send(request)
    const key = `${request.method} ${request.url}\n${await request.clone().text()}`
    const known = under.get(key)
    const answer = known ?? send(request)
    if (known === undefined) {
      under.set(key, answer)
      const forget = () => under.delete(key)
      answer.then((response) => (response.ok ? setTimeout(forget, BREATH) : forget()), forget)
    }
    // the one that is kept stays unread, so that each can be given a copy
    return (await answer).clone()
  }
}
