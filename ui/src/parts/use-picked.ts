import { useQueryClient } from "@tanstack/react-query"
import { useCallback, useMemo, useState } from "react"
import type { Schema } from "@/api/client"
import { asProblem, Problem } from "@/api/problem"
import { askPick, type Owner, type PickQuery, pickKey, usePickOf } from "@/parts/partition-owner"
import type { Ranges } from "@/parts/partition-strip-ranges"

const NONE: Ranges = []
/** So many pieces fit in a URL. */
const MOST_PIECES = 200

export interface Picked {
  readonly text: string
  readonly view: Schema["PickView"] | undefined
  readonly ranges: Ranges
  readonly problem: Problem | null
  /** Select by text, as it is typed. */
  readonly type: (text: string) => void
  /** Select ordinals: ranges `10-19` or rectangles `2-5|0-3`, beside what is selected or in its place. */
  readonly draw: (pieces: readonly string[], shown: Ranges, adds?: boolean) => void
  /** Select all with a status, of what is selected or of all. */
  readonly pickStatus: (status: readonly string[]) => void
}

/**
 * What is selected: the text in the URL is the truth, what is drawn becomes text on the server, and is shown as it was
 * drawn until the server has said it.
 */
export function usePicked(
  { kind, name }: Owner,
  fingerprint: string | undefined,
  text: string,
  setText: (text: string) => void,
): Picked {
  const client = useQueryClient()
  const owner = useMemo(() => ({ kind, name }), [kind, name])
  const [drawn, setDrawn] = useState<Ranges | null>(null)
  const [refused, setRefused] = useState<Problem | null>(null)
  const query = usePickOf(owner, { partitions: text }, { enabled: text !== "", strict: true })
  const ask = useCallback(
    (wanted: PickQuery) => {
      setRefused(null)
      askPick(owner, wanted)
        .then((data) => {
          setDrawn(null)
          if (!data) return
          if (data.text === null) {
            setRefused(scattered(data.count))
            return
          }
          client.setQueryData(pickKey(owner, { partitions: data.text }), data)
          setText(data.text)
        })
        .catch((error: unknown) => {
          setDrawn(null)
          setRefused(asProblem(error))
        })
    },
    [owner, client, setText],
  )
  return {
    text,
    view: text === "" ? undefined : query.data,
    ranges: drawn ?? (text === "" ? NONE : ((query.data?.ranges as Ranges | undefined) ?? NONE)),
    problem: refused ?? (text !== "" && query.error ? asProblem(query.error) : null),
    type: useCallback(
      (next) => {
        setRefused(null)
        setText(next.trim())
      },
      [setText],
    ),
    draw: (pieces, shown, adds = false) => {
      if (pieces.length === 0) {
        setRefused(null)
        setText("")
        return
      }
      if (pieces.length > MOST_PIECES) {
        setRefused(scattered(pieces.length))
        return
      }
      setDrawn(shown)
      ask({
        pieces: [...pieces],
        ...(fingerprint ? { fingerprint } : {}),
        ...(adds && text ? { partitions: text } : {}),
      })
    },
    pickStatus: (status) => ask({ status: [...status] as Words, ...(text ? { partitions: text } : {}) }),
  }
}

type Words = NonNullable<PickQuery["status"]>

function scattered(count: number): Problem {
  return new Problem(0, {
    code: "scattered",
    detail: `${count.toLocaleString("en-GB")} partitions are too scattered to be written as one selection.`,
    remedy: "Select a shorter range, or plan the asset as a whole.",
  })
}
