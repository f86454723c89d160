/**
 * What a page is sure to ask for, asked for while the page is still being built: the first one to ask gets that answer.
 *
 * Only after `follow` has begun to hear of changes, as it has when a page's module is there; a change between an answer
 * and the stream's beginning would not be heard of.
 */

import { createQuerySerializer } from "openapi-fetch"
import { basePath } from "./base"

type Send = (request: Request) => Promise<Response>

/** Milliseconds for which an answer is kept: it is of the time at which it was asked for. */
const KEPT = 3000

const answers = new Map<string, Promise<Response>>()

const serialized = createQuerySerializer()

/** Ask for this now, by the same URL as `api.useQuery` will. Who reads the answer as well must clone it first. */
export function askAhead(
  path: `/api/v1/${string}`,
  query: Readonly<Record<string, string | number | undefined>>,
): Promise<Response> {
  const search = serialized(query)
  const { href } = new URL(`${basePath()}${path}${search ? `?${search}` : ""}`, location.href)
  const answer = fetch(href)
  answers.set(href, answer)
  const forget = () => {
    if (answers.get(href) === answer) answers.delete(href)
  }
  answer.catch(forget)
  setTimeout(forget, KEPT)
  return answer
}

/** `send`, but what was asked for ahead is given to who asks first. */
export function given(send: Send): Send {
  return (request) => {
    const known = request.method === "GET" ? answers.get(request.url) : undefined
    if (known === undefined) return send(request)
    answers.delete(request.url)
    return known
  }
}
