import { describe, expect, it } from "vitest"
import { scopesOf } from "./scopes"

describe("the scopes of the API", () => {
  it("are those that its operations ask for, each once", () => {
    const asks = (scope: string) => ({
      description: `Does it.\n\nAsks for the role \`viewer\` and the scope \`${scope}\`.`,
    })
    const document = {
      paths: {
        "/runs": { get: asks("runs.read"), post: asks("runs.create") },
        "/run": { get: asks("runs.read") },
        "/me": { get: {} },
      },
    }
    expect(scopesOf(document)).toEqual(["runs.create", "runs.read"])
    expect(scopesOf(undefined)).toEqual([])
  })
})
