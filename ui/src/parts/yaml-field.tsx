import { lazy, Suspense } from "react"
import { Skeleton } from "./empty"

const Editor = lazy(() => import("./yaml-field-editor"))

export interface YamlFieldProps {
  readonly label: string
  readonly value: string
  readonly onChange: (text: string) => void
  /** What is wrong with it, by letters from its beginning. */
  readonly problem?: { readonly from: number; readonly to: number; readonly problem: string } | null
  readonly placeholder?: string
}

/** YAML that can be edited: with colours, and what is wrong marked at its line. The editor comes when it is shown. */
export function YamlField(props: YamlFieldProps) {
  return (
    <Suspense fallback={<Skeleton rows={5} height={22} />}>
      <Editor {...props} />
    </Suspense>
  )
}
