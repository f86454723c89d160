import classes from "./logo.module.css"

/** The name with its sign: threads that cross. */
export function Logo() {
  return (
    <span className={classes.logo}>
      <svg width="20" height="20" viewBox="0 0 20 20" aria-hidden="true">
        <g stroke="currentColor" strokeWidth="2.4" strokeLinecap="round" fill="none">
          <path d="M4 2v16M10 2v16M16 2v16" opacity=".38" />
          <path d="M2 5h3M7.5 5h9M2 10h9M13.5 10h4.5M2 15h3M7.5 15h9" />
        </g>
      </svg>
      <span>weft</span>
    </span>
  )
}
