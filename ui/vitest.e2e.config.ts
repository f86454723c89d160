import { defineConfig } from "vitest/config"

/** `npm run e2e` is the quick part; `npm run e2e -- scale` what needs the big installation. */
const scale = process.argv.slice(2).includes("scale")

export default defineConfig({
  test: {
    include: scale ? ["tests/scale/**/*.test.ts"] : ["tests/e2e/**/*.test.ts"],
    environment: "node",
    // one browser and one server at a time: what is measured should not be the machine
    fileParallelism: false,
    isolate: false,
    pool: "forks",
    testTimeout: 180_000,
    expect: { poll: { timeout: 30_000 } },
    // the first server of a machine makes its project first, which takes minutes where much else runs
    hookTimeout: 600_000,
    reporters: ["verbose"],
  },
})
