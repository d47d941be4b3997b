import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";

// Unit tests compare texts: they run in one locale and zone wherever they are started.
if (process.env.VITEST) Object.assign(process.env, { LC_ALL: "en_US.UTF-8", TZ: "UTC" });

/** Where `npm run dev` finds a running Pulsepoint. */
const backend = process.env.PULSEPOINT_URL ?? "http://127.0.0.1:8080";

/**
 * Tells `boot.js` which chunks the dashboard needs, so that it can ask for them before the entry script has run.
 * Only addresses under /b/ use them: the sign-in page must not pay for charts.
 */
function dashboardChunks(): Plugin {
  return {
    name: "pulsepoint:dashboard-chunks",
    apply: "build",
    transformIndexHtml: {
      order: "post",
      handler(html, { bundle }) {
        if (!bundle) return html;
        const chunks = Object.values(bundle).filter((item) => item.type === "chunk");
        const wanted = new Set<string>();
        const add = (file: string) => {
          if (wanted.has(file)) return;
          wanted.add(file);
          for (const next of chunks.find((chunk) => chunk.fileName === file)?.imports ?? []) add(next);
        };
        for (const chunk of chunks) {
          if (/\/(shell\/Shell|pages\/dashboard\/Dashboard)\.tsx$/.test(chunk.facadeModuleId ?? ""))
            add(chunk.fileName);
        }
        const entry = chunks.find((chunk) => chunk.isEntry);
        for (const file of [entry?.fileName, ...(entry?.imports ?? [])]) if (file) wanted.delete(file);
        const list = [...wanted].map((file) => `/${file}`).join(" ");
        return html.replace('src="/boot.js"', `src="/boot.js" data-dashboard="${list}"`);
      },
    },
  };
}

export default defineConfig({
  plugins: [react(), tailwindcss(), dashboardChunks()],
  build: {
    target: "es2022",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    manifest: true,
    sourcemap: false,
    reportCompressedSize: false,
    // Few files instead of many: what every page needs, what every page behind the sign-in needs, then one a page.
    rolldownOptions: {
      output: {
        codeSplitting: {
          groups: [
            {
              name: "vendor",
              priority: 3,
              test: /node_modules\/(react\/|react-dom\/|scheduler|use-sync-external-store|@tanstack\/(?!.*table))/,
            },
            {
              name: "core",
              priority: 2,
              test: /preload-helper|src\/(api\/(?!stream|integrations|figures|money|records)|messages\/(?!attribution|customers|money|operate|passkeys|sites|imports|integrations|platforms)|pages\/dashboard\/search|format\/date|ui\/(cx|preferences|announce|Page|Button|Field|Logo|toast\.)|pages\/(NotFound|Broken)|start|shell\/FirstPaint)|valibot|lucide-react\/dist\/esm\/(createLucideIcon|Icon|shared|defaultAttributes|context)/,
            },
            {
              name: "shell",
              priority: 1,
              // Icons, words and questions of the dashboard that other pages use too would be a file each.
              test: /src\/((shell|format|ui)\/(?!Shell\.|FirstPaint|late\/\w+Popup|DataTable)|api\/figures|messages\/attribution)|lucide-react\/dist\/esm\/icons\/(arrow-down|arrow-up|circle-check|download|ellipsis)\./,
            },
          ],
        },
      },
    },
  },
  server: { proxy: { "/api": backend } },
  test: { include: ["src/**/*.test.{ts,tsx}"], restoreMocks: true },
});
