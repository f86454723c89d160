import { type CSSVariablesResolver, createTheme, type MantineColorsTuple } from "@mantine/core"

const indigo: MantineColorsTuple = [
  "#eef0fb",
  "#dde1f6",
  "#b9c1ec",
  "#94a0e2",
  "#7483d9",
  "#5767dd",
  "#4a5acf",
  "#3d4fc4",
  "#3343a6",
  "#2a388b",
]

/** Mantine's components, in the sizes and colours of tokens.css. */
export const theme = createTheme({
  primaryColor: "indigo",
  primaryShade: { light: 7, dark: 5 },
  colors: { indigo },
  fontFamily: "var(--font)",
  fontFamilyMonospace: "var(--mono)",
  fontSizes: { xs: "11.5px", sm: "13px", md: "13px", lg: "15px", xl: "18px" },
  defaultRadius: 7,
  cursorType: "pointer",
  components: {
    Button: { defaultProps: { size: "xs" }, styles: { root: { fontWeight: 550, fontSize: "13px" } } },
    ActionIcon: { defaultProps: { variant: "subtle", color: "gray", size: "md" } },
    TextInput: { defaultProps: { size: "xs" } },
    NumberInput: { defaultProps: { size: "xs" } },
    PasswordInput: { defaultProps: { size: "xs" } },
    Textarea: { defaultProps: { size: "xs" } },
    Select: { defaultProps: { size: "xs", checkIconPosition: "right" } },
    MultiSelect: { defaultProps: { size: "xs", checkIconPosition: "right" } },
    Checkbox: { defaultProps: { size: "xs" } },
    Switch: { defaultProps: { size: "xs" } },
    SegmentedControl: { defaultProps: { size: "xs" } },
    Modal: {
      defaultProps: {
        closeButtonProps: { "aria-label": "Close" },
        centered: true,
        overlayProps: { backgroundOpacity: 0.3 },
        transitionProps: { duration: 90 },
      },
      styles: { title: { fontSize: "15px", fontWeight: 600 } },
    },
    Drawer: {
      defaultProps: {
        closeButtonProps: { "aria-label": "Close" },
        overlayProps: { backgroundOpacity: 0.3 },
        transitionProps: { duration: 120 },
      },
      styles: { title: { fontSize: "15px", fontWeight: 600 } },
    },
    // a header outside of an article is the page's banner, of which there is one
    ModalHeader: { defaultProps: { role: "presentation" } },
    DrawerHeader: { defaultProps: { role: "presentation" } },
    Notification: { styles: { description: { color: "var(--dim)" } } },
    Menu: { defaultProps: { shadow: "md", transitionProps: { duration: 60 } } },
    Tooltip: { defaultProps: { openDelay: 250, transitionProps: { duration: 60 } } },
    Tabs: { styles: { tab: { fontSize: "13px", paddingBlock: "7px" } } },
  },
})

/** Mantine's own colours follow tokens.css in both schemes. */
export const variables: CSSVariablesResolver = () => {
  const shared = {
    "--mantine-color-body": "var(--panel)",
    "--mantine-color-text": "var(--ink)",
    "--mantine-color-dimmed": "var(--dim)",
    "--mantine-color-default": "var(--panel)",
    "--mantine-color-default-hover": "var(--hover)",
    "--mantine-color-default-color": "var(--ink)",
    "--mantine-color-default-border": "var(--line)",
    "--mantine-color-placeholder": "var(--faint)",
    "--mantine-color-error": "var(--failed-ink)",
    "--mantine-color-anchor": "var(--accent-ink)",
  }
  // Mantine's own greys, in fields and switches, have no blue in them
  const greys = {
    "--mantine-color-dark-8": "var(--sunken)",
    "--mantine-color-dark-7": "var(--panel)",
    "--mantine-color-dark-6": "var(--sunken)",
    "--mantine-color-dark-5": "var(--line)",
    "--mantine-color-dark-4": "var(--line-strong)",
  }
  return { variables: {}, light: shared, dark: { ...shared, ...greys } }
}
