import { create } from "zustand"

/** Which of the shell's own dialogs is open. */
export const useDialogs = create<{ palette: boolean; help: boolean }>(() => ({ palette: false, help: false }))

export function openPalette(): void {
  useDialogs.setState({ palette: true, help: false })
}

export function openHelp(): void {
  useDialogs.setState({ palette: false, help: true })
}
