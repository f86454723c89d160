import classes from "./form.module.css"

/** One of several ways, with what it means in the same line. */
export function Choice({ title, note }: { title: string; note: string }) {
  return (
    <span className={classes.choice}>
      {title} <span>{note}</span>
    </span>
  )
}
