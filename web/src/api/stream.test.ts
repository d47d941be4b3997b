// @vitest-environment happy-dom
import { expect, it } from "vitest";
import { eventReader } from "./stream";

it("puts events together however the network cuts them", () => {
  const seen: [string, string][] = [];
  const read = eventReader((event, data) => seen.push([event, data]));
  for (const piece of [
    ": hello\n\nevent: da",
    'ta\ndata: {"brand":"a"',
    ',"version":3}\n',
    "\ndata: x\r\ndata: y\r\n\r\n",
  ]) {
    read(piece);
  }
  expect(seen).toEqual([
    ["data", '{"brand":"a","version":3}'],
    ["message", "x\ny"],
  ]);
});
