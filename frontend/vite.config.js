import { svelte } from "@sveltejs/vite-plugin-svelte";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { defineConfig } from "vite";

const OUT = process.env.CEASEFIRE_PAGE ?? "../src/ceasefire/view/web/page";

/** The folder of the package that a bundled module comes from, or nothing. */
function packageOf(module) {
  if (!module.includes("/node_modules/")) return null;
  let folder = dirname(module.replace(/^\0/, "").replace(/\?.*$/, ""));
  while (folder.includes("/node_modules/")) {
    const named = existsSync(join(folder, "package.json")) && JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    if (named && named.name && named.version) return folder;
    folder = dirname(folder);
  }
  return null;
}

/** What a package says of its licence, as text. */
function notice(folder) {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const file = readdirSync(folder).sort().find((each) => /^licen[cs]e/i.test(each));
  const text = file ? readFileSync(join(folder, file), "utf8").trim() : `Licence: ${license}`;
  return `${name} ${version} (${license})\n\n${text.replace(/\r\n/g, "\n")}\n`;
}

/** Licences of all code that is bundled, as LICENSES.txt beside the page. */
function licences() {
  return {
    name: "licences",
    generateBundle(_, bundle) {
      const folders = new Set();
      for (const chunk of Object.values(bundle)) {
        if (chunk.type !== "chunk") continue;
        for (const module of Object.keys(chunk.modules)) {
          const folder = packageOf(module);
          if (folder) folders.add(folder);
        }
      }
      const notices = [...folders].sort().map(notice);
      const source = `The page contains code of these packages.\n\n${notices.join(`\n${"-".repeat(80)}\n\n`)}`;
      this.emitFile({ type: "asset", fileName: "LICENSES.txt", source });
    },
  };
}

export default defineConfig({
  base: "./",
  plugins: [svelte(), licences()],
  build: {
    outDir: OUT,
    emptyOutDir: true,
    sourcemap: false,
    target: "es2022",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: true,
    chunkSizeWarningLimit: 700,
  },
  server: {
    host: "127.0.0.1",
    port: 8200,
    proxy: { "/api": process.env.CEASEFIRE_API ?? "http://127.0.0.1:8201" },
  },
});
