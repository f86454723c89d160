import { Link } from "@tanstack/react-router"
import { useState } from "react"
import type { Schema } from "@/api/client"
import { MetadataValues } from "@/parts/metadata-values"
import { StateMark } from "@/parts/state-mark"
import { Time } from "@/parts/time"
import { runPath } from "@/shell/links"
import classes from "./asset.module.css"

interface CheckRowProps {
  readonly result: Schema["CheckResultView"]
  /** Say which partition it is of, too. */
  readonly named?: boolean
}

/** What one check found on one partition; its metadata opens below. */
export function CheckRow({ result, named = false }: CheckRowProps) {
  const [open, setOpen] = useState(false)
  const more = Object.keys(result.metadata).length > 0
  const state = result.passed
    ? "passed"
    : result.severity === "warn" && !result.blocking
      ? "warned"
      : "failed"
  return (
    <>
      <div className={classes.near}>
        <StateMark state={state} />
        <span>
          {named && <strong>{result.partition ?? "whole"} </strong>}
          {result.check} <span className={classes.faint}>{result.description}</span>
          {more && (
            <button
              type="button"
              className={classes.more}
              aria-expanded={open}
              onClick={() => setOpen(!open)}
            >
              {open ? "less" : "more"}
            </button>
          )}
        </span>
        <span>
          {result.run && (
            <>
              <Link to={runPath(result.run)}>run {result.run.slice(0, 8)}</Link>
              {" · "}
            </>
          )}
          <Time at={result.at} />
        </span>
      </div>
      {open && <MetadataValues metadata={result.metadata} />}
    </>
  )
}
