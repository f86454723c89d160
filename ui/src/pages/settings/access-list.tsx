import { Button } from "@mantine/core"
import { type ReactNode, useState } from "react"
import { Loaded } from "@/parts/loaded"
import { Panel, Section } from "@/parts/panel"
import { type Column, Table } from "@/parts/table"

interface AccessListProps<Row> {
  readonly title: string
  readonly query: {
    readonly data: readonly Row[] | undefined
    readonly error: unknown
    readonly refetch: () => unknown
  }
  readonly columns: ReadonlyArray<Column<Row>>
  readonly rowKey: (row: Row) => string
  readonly rowHeight?: number
  /** What can be done with one, at the end of its row. */
  readonly act: (row: Row) => ReactNode
  readonly empty: ReactNode
  /** The button that makes one, and the dialog that it opens. */
  readonly make: { readonly title: string; readonly dialog: (close: () => void) => ReactNode }
}

/** Who may come in, accounts or tokens: a row each with what can be done with it, and the making of a new one. */
export function AccessList<Row>(props: AccessListProps<Row>) {
  const { title, query, columns, rowKey, rowHeight = 33, act, empty, make } = props
  const [making, setMaking] = useState(false)
  const whole: ReadonlyArray<Column<Row>> = [
    ...columns,
    { id: "act", title: "", width: "110px", align: "right", cell: act },
  ]
  return (
    <Section title={title} actions={<Button onClick={() => setMaking(true)}>{make.title}</Button>}>
      <Panel>
        <Loaded query={query}>
          {(rows) => (
            <Table
              label={title}
              columns={whole}
              rows={rows}
              rowKey={rowKey}
              rowHeight={rowHeight}
              empty={empty}
            />
          )}
        </Loaded>
      </Panel>
      {making && make.dialog(() => setMaking(false))}
    </Section>
  )
}
