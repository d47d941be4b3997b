// openapi.json (written by the backend's own test) -> src/api/schema.d.ts. With --check it fails where the two differ.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import openapiTS, { astToString } from "openapi-typescript";

const source = new URL("../openapi.json", import.meta.url);
const target = new URL("../src/api/schema.d.ts", import.meta.url);
const head = "// Generated from openapi.json by `npm run gen:api`. Do not edit.\n\n";

const types = head + astToString(await openapiTS(source));
if (!process.argv.includes("--check")) {
  writeFileSync(target, types);
} else if (!existsSync(target) || readFileSync(target, "utf8") !== types) {
  console.error("src/api/schema.d.ts does not follow from openapi.json: run `npm run gen:api` and commit the result.");
  process.exit(1);
}
