import { MantineProvider } from "@mantine/core"
import { Notifications, notifications } from "@mantine/notifications"
import { QueryClientProvider } from "@tanstack/react-query"
import { RouterProvider } from "@tanstack/react-router"
import { createQueryClient } from "@/api/client"
import type { Problem } from "@/api/problem"
import { theme, variables } from "@/theme/theme"
import { Door } from "./door"
import { createRouter } from "./router"

const client = createQueryClient((problem: Problem) => {
  notifications.show({
    title: problem.message,
    message: problem.remedy || problem.fields.map((each) => `${each.field}: ${each.problem}`).join("; "),
    color: "red",
    autoClose: 12_000,
  })
})
const router = createRouter()

/** A nonce of the page's policy, for the one style element that Mantine adds. */
function nonce(): string {
  return document.querySelector<HTMLMetaElement>("meta[property=csp-nonce]")?.nonce ?? ""
}

// the scroll lock of dialogs adds a style element of its own, and looks for the nonce under this name
Object.assign(globalThis, { __webpack_nonce__: nonce() })

export function App() {
  return (
    <MantineProvider
      theme={theme}
      cssVariablesResolver={variables}
      defaultColorScheme="auto"
      getStyleNonce={nonce}
    >
      <Notifications position="bottom-right" limit={4} />
      <QueryClientProvider client={client}>
        <Door>
          <RouterProvider router={router} />
        </Door>
      </QueryClientProvider>
    </MantineProvider>
  )
}
