import "@fontsource-variable/inter"
import "@fontsource-variable/jetbrains-mono"
import "@mantine/core/styles.css"
import "@mantine/notifications/styles.css"
import "./theme/tokens.css"
import { createRoot } from "react-dom/client"
import { App } from "./shell/app"
import { loadAnewAfterAnUpdate } from "./shell/broken"

loadAnewAfterAnUpdate()
const root = document.getElementById("root")
if (root) createRoot(root).render(<App />)
