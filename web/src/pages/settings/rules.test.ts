import { describe, expect, it } from "vitest";
import { channelsOf, moved, patterns, ruleOf, whole } from "./rules";

describe("channel rules", () => {
  it("reads patterns a line each, as the server keeps them", () => {
    expect(patterns(" Google*\n\nbing \nBING\nspring, sale")).toEqual(["google*", "bing", "spring, sale"]);
    expect(patterns(" \n")).toEqual([]);
  });

  it("moves a rule and no other, and nothing beyond the ends", () => {
    expect(moved(["a", "b", "c"], 2, 0)).toEqual(["c", "a", "b"]);
    expect(moved(["a", "b", "c"], 0, 1)).toEqual(["b", "a", "c"]);
    expect(moved(["a", "b"], 0, -1)).toEqual(["a", "b"]);
    expect(moved(["a", "b"], 1, 2)).toEqual(["a", "b"]);
    expect(moved([], 0, 0)).toEqual([]);
  });

  it("knows which rule the server means", () => {
    expect(ruleOf("rules[13].click_id")).toBe(13);
    expect(ruleOf("rules[0]")).toBe(0);
    expect(ruleOf("rules")).toBeNull();
    expect(ruleOf(undefined)).toBeNull();
  });

  it("lists every channel once", () => {
    const row = (key: number, channel: string) => ({ key, rule: whole({ channel, source: ["x"] }) });
    expect(channelsOf([row(1, "meta"), row(2, "email"), row(3, "meta")], "referral")).toEqual([
      "email",
      "meta",
      "referral",
    ]);
  });
});
