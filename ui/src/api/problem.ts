/** A refusal of the server (RFC 9457): what is wrong, with which field, and what to do. */
export interface ProblemBody {
  title?: string
  status?: number
  code?: string
  detail?: string
  remedy?: string
  id?: string
  errors?: ReadonlyArray<{ field: string; problem: string; value?: unknown }>
}

export class Problem extends Error {
  readonly status: number
  readonly code: string
  readonly remedy: string
  readonly fields: ReadonlyArray<{ field: string; problem: string; value?: unknown }>

  constructor(status: number, body: ProblemBody) {
    super(body.detail || body.title || `The server answered with ${status}.`)
    this.name = "Problem"
    this.status = status
    this.code = body.code ?? ""
    this.remedy = body.remedy ?? (body.id ? `The server's log has more, under ${body.id}.` : "")
    this.fields = body.errors ?? []
  }
}

/** Any error as a Problem: what is none (the network is gone) gets words of its own. */
export function asProblem(error: unknown): Problem {
  if (error instanceof Problem) return error
  if (error instanceof TypeError)
    return new Problem(0, {
      code: "unreachable",
      detail: "The server does not answer.",
      remedy: "Is `weft dev` or `weft server` running? This page goes on by itself when it is back.",
    })
  return new Problem(0, { detail: error instanceof Error ? error.message : String(error) })
}
