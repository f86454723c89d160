import { fileURLToPath } from "node:url"
import react from "@vitejs/plugin-react"
import { defineConfig } from "vite"

/** The server that `npm run dev` passes API calls on to: one that `weft dev` started. */
const server = process.env.WEFT_SERVER ?? "http://127.0.0.1:4280"
/** Its token (`.weft/token` of the project): calls then come without a browser session. */
const token = process.env.WEFT_TOKEN

export default defineConfig({
  base: "./",
  plugins: [react()],
  resolve: { alias: { "@": fileURLToPath(new URL("./src", import.meta.url)) } },
  worker: { format: "es" },
  build: {
    outDir: "../src/weft/_ui",
    emptyOutDir: true,
    // pages of the UI have paths such as /assets/…, so built files are kept apart from them
    assetsDir: "static",
    // nothing as a data: URL, which the page's policy refuses for fonts
    assetsInlineLimit: 0,
    target: "es2022",
    sourcemap: false,
    // what the bundles are made of, and under which licences, travels with them
    license: { fileName: "licenses.txt" },
    chunkSizeWarningLimit: 900,
  },
  server: {
    proxy: {
      "/api": {
        target: server,
        changeOrigin: true,
        headers: { origin: server, ...(token ? { authorization: `Bearer ${token}` } : {}) },
      },
    },
  },
})
