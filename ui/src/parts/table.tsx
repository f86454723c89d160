import { VisuallyHidden } from "@mantine/core"
import { Link } from "@tanstack/react-router"
import { useVirtualizer } from "@tanstack/react-virtual"
import { type KeyboardEvent, type ReactNode, useEffect, useLayoutEffect, useRef, useState } from "react"
import classes from "./table.module.css"

export interface Column<Row> {
  readonly id: string
  readonly title: ReactNode
  /** A track of CSS grid: `120px`, `minmax(160px, 2fr)`. */
  readonly width: string
  readonly align?: "left" | "right"
  readonly cell: (row: Row) => ReactNode
  /** Given where the table can be sorted by it. */
  readonly sort?: () => void
  readonly sorted?: "up" | "down"
  /** Left out on narrow screens. */
  readonly wide?: boolean
}

interface TableProps<Row> {
  readonly label: string
  readonly columns: ReadonlyArray<Column<Row>>
  readonly rows: readonly Row[]
  readonly rowKey: (row: Row) => string
  /** The page that a row leads to; Enter and a click open it. */
  readonly href?: (row: Row) => string
  readonly onOpen?: (row: Row) => void
  /** A row that has no columns, as the head of a group: what stands in it from edge to edge. */
  readonly whole?: (row: Row) => ReactNode | undefined
  readonly rowHeight?: number
  /** Called when the end comes into view and there is more. */
  readonly more?: (() => void) | undefined
  /** What stands there without rows. */
  readonly empty?: ReactNode
  readonly selected?: string
}

/** Rows in columns. Only those in view are drawn, however many there are; arrows or j and k go through them. */
export function Table<Row>(props: TableProps<Row>) {
  const { label, columns, rows, rowKey, href, onOpen, whole, rowHeight = 33, more, empty, selected } = props
  const body = useRef<HTMLDivElement>(null)
  const [top, setTop] = useState(0)
  const [at, setAt] = useState(0)
  useLayoutEffect(() => {
    const scroller = document.getElementById("main")
    if (body.current && scroller)
      setTop(
        body.current.getBoundingClientRect().top - scroller.getBoundingClientRect().top + scroller.scrollTop,
      )
  }, [])
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => document.getElementById("main"),
    estimateSize: () => rowHeight,
    overscan: 12,
    scrollMargin: top,
    initialRect: { width: 1200, height: 900 },
  })
  const items = virtual.getVirtualItems()
  const last = items.at(-1)?.index ?? -1
  useEffect(() => {
    if (more && last >= rows.length - 8) more()
  }, [more, last, rows.length])
  const template = columns.map((each) => each.width).join(" ")
  const move = (event: KeyboardEvent) => {
    const by = { ArrowDown: 1, j: 1, ArrowUp: -1, k: -1 }[event.key]
    if (by === undefined || event.metaKey || event.ctrlKey || event.altKey) return
    if ((event.target as HTMLElement).closest("input, textarea, select, [role=menu]")) return
    const next = Math.min(rows.length - 1, Math.max(0, at + by))
    event.preventDefault()
    setAt(next)
    virtual.scrollToIndex(next)
    requestAnimationFrame(() => {
      body.current?.querySelector<HTMLElement>(`[data-row="${next}"]`)?.focus({ preventScroll: true })
    })
  }
  if (rows.length === 0 && empty !== undefined) return <>{empty}</>
  return (
    <div
      className={classes.table}
      role="table"
      aria-label={label}
      aria-rowcount={rows.length + 1}
      onKeyDown={move}
    >
      <div role="rowgroup" className={classes.headGroup}>
        <div
          role="row"
          tabIndex={-1}
          aria-rowindex={1}
          className={classes.head}
          style={{ gridTemplateColumns: template }}
        >
          {columns.map((column) => (
            <div
              key={column.id}
              role="columnheader"
              aria-sort={column.sorted && (column.sorted === "up" ? "ascending" : "descending")}
              className={column.align === "right" ? classes.right : undefined}
            >
              {column.sort ? (
                <button type="button" onClick={column.sort}>
                  {column.title}
                  <span aria-hidden="true">
                    {column.sorted === "up" ? " ↑" : column.sorted === "down" ? " ↓" : ""}
                  </span>
                </button>
              ) : (
                // a column of buttons has no title that is seen, but one that is heard
                column.title || <VisuallyHidden>Actions</VisuallyHidden>
              )}
            </div>
          ))}
        </div>
      </div>
      <div role="rowgroup" ref={body} style={{ height: virtual.getTotalSize(), position: "relative" }}>
        {items.map((item) => {
          const row = rows[item.index]
          if (row === undefined) return null
          const key = rowKey(row)
          const shared = {
            className: classes.row,
            "data-row": item.index,
            "data-selected": key === selected || undefined,
            "aria-rowindex": item.index + 2,
            tabIndex: item.index === at ? 0 : -1,
            onFocus: () => setAt(item.index),
            style: {
              gridTemplateColumns: template,
              height: rowHeight,
              transform: `translateY(${item.start - top}px)`,
            },
          }
          const spanning = whole?.(row)
          if (spanning !== undefined)
            return (
              <div key={key} role="row" {...shared} data-whole>
                <div role="cell">{spanning}</div>
              </div>
            )
          const cells = columns.map((column, place) => (
            <div key={column.id} role="cell" className={column.align === "right" ? classes.right : undefined}>
              {place === 0 && href && (
                // in a cell, since a row may have nothing else; it reaches over the whole row all the same
                <Link
                  to={href(row)}
                  data-opener
                  tabIndex={-1}
                  aria-label={`Open ${key}`}
                  className={classes.opener}
                />
              )}
              {column.cell(row)}
            </div>
          ))
          return (
            <div
              key={key}
              role="row"
              {...shared}
              data-opens={href !== undefined || onOpen !== undefined || undefined}
              onKeyDown={(event) => {
                if (event.key !== "Enter" || event.target !== event.currentTarget) return
                if (onOpen) onOpen(row)
                else event.currentTarget.querySelector<HTMLElement>("[data-opener]")?.click()
              }}
              onClick={(event) => {
                if (!onOpen || (event.target as HTMLElement).closest("a, button, input, label")) return
                onOpen(row)
              }}
            >
              {cells}
            </div>
          )
        })}
      </div>
    </div>
  )
}
