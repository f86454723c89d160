/** Which execution mends which trouble, as this browser started them: the row shows it until the trouble is gone. */
import { create } from "zustand"

interface Repairs {
  readonly by: Readonly<Record<string, string>>
}

export const useRepairs = create<Repairs>(() => ({ by: {} }))

export function repairing(trouble: string, execution: string): void {
  useRepairs.setState(({ by }) => ({ by: { ...by, [trouble]: execution } }))
}

/** Its execution has ended: the trouble is gone, or has its button again. */
export function ended(trouble: string): void {
  useRepairs.setState(({ by }) => {
    const { [trouble]: _gone, ...left } = by
    return { by: left }
  })
}
