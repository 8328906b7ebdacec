import { readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { constants, gzip } from "node:zlib";

import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";

const SMALL = 1024; // bytes; below that a second file is not worth it

/** Writes each asset a second time, compressed, so that the server never has to: `x.js.gz` beside `x.js`. */
function compressed(): Plugin {
  return {
    name: "bangfu-compressed",
    apply: "build",
    async writeBundle({ dir }) {
      const folder = join(dir!, "assets");
      for (const name of await readdir(folder)) {
        const path = join(folder, name);
        if ((await stat(path)).size < SMALL) continue;
        await writeFile(`${path}.gz`, await promisify(gzip)(await readFile(path), { level: constants.Z_BEST_COMPRESSION }));
      }
    },
  };
}

export default defineConfig({
  base: "/graphql/",
  plugins: [react(), compressed()],
  worker: { format: "es" },
  build: {
    outDir: "../../bangfu_app/http/graphiql",
    emptyOutDir: true, // outside of this folder, where Vite would ask
    target: "es2022",
    assetsDir: "assets",
    modulePreload: { polyfill: false }, // it would be a script in the page
    chunkSizeWarningLimit: 5000, // Monaco, which is loaded once and kept
    rolldownOptions: {
      onLog(level, log, report) {
        // Libraries mark modules for a compiler that has been over them already.
        if (log.code !== "MODULE_LEVEL_DIRECTIVE") report(level, log);
      },
    },
    license: { fileName: "licenses.md" }, // goes along in the wheel, and is not served
    reportCompressedSize: false,
  },
});
