import { Modal } from "@mantine/core"
import { commandsOf, useRegistry, written } from "./commands"
import classes from "./help.module.css"

const SEARCH: ReadonlyArray<readonly [what: string, keys: string]> = [
  ["Only assets", "@"],
  ["Only runs", "#"],
  ["Only commands", ">"],
  ["Open in a new tab", written("mod+Enter")],
]

/** All keys that work here, by their groups. */
export function Help({ onClose }: { onClose: () => void }) {
  const sets = useRegistry((registry) => registry.sets)
  const withKeys = commandsOf(sets).filter((each) => each.keys)
  const groups = [...new Set(withKeys.map((each) => each.group))].map(
    (group) => [group, withKeys.filter((each) => each.group === group)] as const,
  )
  return (
    <Modal opened onClose={onClose} title="Keys" size="xl">
      <div className={classes.groups}>
        {groups.map(([group, commands]) => (
          <section key={group}>
            <h2>{group}</h2>
            <dl>
              {commands.map((each) => (
                <div key={each.id}>
                  <dt>{each.title}</dt>
                  <dd>
                    <kbd>{written(each.keys ?? "")}</kbd>
                  </dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
        <section>
          <h2>In lists</h2>
          <dl>
            <div>
              <dt>Next and previous row</dt>
              <dd>
                <kbd>j</kbd> <kbd>k</kbd>
              </dd>
            </div>
            <div>
              <dt>Open the row</dt>
              <dd>
                <kbd>↵</kbd>
              </dd>
            </div>
          </dl>
        </section>
        <section>
          <h2>In the search</h2>
          <dl>
            {SEARCH.map(([what, keys]) => (
              <div key={what}>
                <dt>{what}</dt>
                <dd>
                  <kbd>{keys}</kbd>
                </dd>
              </div>
            ))}
          </dl>
        </section>
      </div>
    </Modal>
  )
}
