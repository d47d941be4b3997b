import { expect, it } from "vitest";
import { auditParams, auditSearch } from "./search";

it("keeps of an address what makes sense", () => {
  const raw = {
    kind: "user.created",
    actor: "user:1-2",
    result: "maybe",
    from: "2026-02-30",
    to: "2026-11-20",
    x: "1",
  };
  expect(auditSearch(raw)).toEqual({ kind: "user.created", actor: "user:1-2", to: "2026-11-20" });
  expect(auditSearch({ kind: "' or 1=1", actor: 7 })).toEqual({});
});

it("asks for whole days, the last one included", () => {
  expect(auditParams({ from: "2026-11-20", to: "2026-11-30", result: "denied" })).toEqual({
    from: "2026-11-20T00:00:00.000Z",
    to: "2026-12-01T00:00:00.000Z",
    result: "denied",
  });
  expect(auditParams({})).toEqual({});
});
