import { Tabs } from "@mantine/core"
import { Empty } from "@/parts/empty"
import { Panel } from "@/parts/panel"
import { useMay } from "@/shell/door"
import { Page } from "@/shell/page"
import { oneOf, useUrlState } from "@/shell/url-state"
import { Appearance } from "./appearance"
import { Password } from "./password"
import { Project } from "./project"
import { Server } from "./server"
import { Tokens } from "./tokens"
import { Users } from "./users"

const fields = {
  tab: oneOf(["appearance", "project", "server", "tokens", "users", "password"], "appearance"),
}

/** How the screen looks, how the project runs, how the server stands, and who may come in. */
export default function SettingsPage() {
  const [{ tab }, setView] = useUrlState(fields)
  const admin = useMay("admin")
  return (
    <Page title="Settings">
      <Tabs
        value={tab}
        onChange={(next) => setView({ tab: (next ?? "appearance") as typeof tab }, { push: true })}
        keepMounted={false}
      >
        <Tabs.List mb={16}>
          <Tabs.Tab value="appearance">Appearance</Tabs.Tab>
          <Tabs.Tab value="project">Project</Tabs.Tab>
          <Tabs.Tab value="server">Server</Tabs.Tab>
          <Tabs.Tab value="tokens">Tokens</Tabs.Tab>
          {admin && <Tabs.Tab value="users">Users</Tabs.Tab>}
          <Tabs.Tab value="password">Password</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="appearance">
          <Appearance />
        </Tabs.Panel>
        <Tabs.Panel value="project">
          <Project />
        </Tabs.Panel>
        <Tabs.Panel value="server">
          <Server />
        </Tabs.Panel>
        <Tabs.Panel value="tokens">
          <Tokens />
        </Tabs.Panel>
        <Tabs.Panel value="users">
          {admin ? (
            <Users />
          ) : (
            <Panel>
              <Empty title="Accounts are for admins.">
                An admin says who may come in, and what they may.
              </Empty>
            </Panel>
          )}
        </Tabs.Panel>
        <Tabs.Panel value="password">
          <Password />
        </Tabs.Panel>
      </Tabs>
    </Page>
  )
}
