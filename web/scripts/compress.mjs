// Writes .br and .gz beside every text asset of dist/, at the highest levels: once here, so that no request pays for it.
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const DIST = new URL("../dist/", import.meta.url).pathname;
const TEXT = /\.(js|css|html|svg|json|txt|webmanifest)$/;

// The manifest has served the budget; it is nothing to publish.
rmSync(join(DIST, ".vite"), { recursive: true, force: true });

let plain = 0;
let packed = 0;
for (const name of readdirSync(DIST, { recursive: true })) {
  if (!TEXT.test(name)) continue;
  const path = join(DIST, name);
  const bytes = readFileSync(path);
  const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length };
  const br = brotliCompressSync(bytes, { params });
  const gz = gzipSync(bytes, { level: 9 });
  writeFileSync(`${path}.br`, br);
  writeFileSync(`${path}.gz`, gz);
  plain += bytes.length;
  packed += br.length;
}
console.log(`compressed ${(plain / 1000).toFixed(0)} kB to ${(packed / 1000).toFixed(0)} kB (br)`);
