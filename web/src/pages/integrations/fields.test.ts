import { describe, expect, it, vi } from "vitest";
import { type Field, type Integration, reads, type Source, type Stream } from "../../api/integrations";
import { depthsOf, fieldsOf, typedOf, waysOf, wrong } from "./fields";
import { nameOf, shareOf } from "./looks";

// What asks the server is imported along, and wants to know where the page is.
vi.hoisted(() => vi.stubGlobal("window", { location: { origin: "http://localhost" } }));

const field = (name: string, more: Partial<Field> = {}): Field => ({
  name,
  place: "credentials",
  label: name,
  required: false,
  secret: false,
  group: null,
  example: null,
  help: null,
  advanced: false,
  ...more,
});

const shop = field("shop", { place: "settings", required: true });
const source = (fields: Field[], days: (number | null)[] = [null]) =>
  ({
    fields,
    streams: days.map((history_days) => ({ name: "s", label: "s", scope: null, history_days })),
  }) as Source;

describe("what there is to type in", () => {
  const either = source([
    field("account_ids", { place: "settings" }),
    shop,
    field("client_id", { group: "app" }),
    field("access_token", { group: "token" }),
    field("history_days", { place: "settings" }),
  ]);

  it("is one group of several, what has to be there first", () => {
    expect(waysOf(either)).toEqual(["app", "token"]);
    expect(waysOf(source([shop]))).toEqual([null]);
    const names = (way: string, only = false) => fieldsOf(either, way, only).map(({ name }) => name);
    expect(names("app")).toEqual(["shop", "client_id", "account_ids"]);
    expect(names("token", true)).toEqual(["access_token"]);
  });

  it("is checked when it is left", () => {
    expect(wrong(shop, " ")).toBe("This is needed.");
    expect(wrong(shop, "candles.com")).toMatch(/myshopify/);
    expect(wrong(shop, " My-Shop.myshopify.com ")).toBe(true);
    expect(wrong(field("access_token", { group: "token" }), "")).toBe("This is needed.");
    expect(wrong(field("app_secret"), undefined)).toBe(true);
    expect(wrong(field("app_secret"), "a b")).toMatch(/spaces/);
    for (const text of ["act_12, 7", "123-456-7890"]) expect(wrong(field("account_ids"), text)).toBe(true);
    expect(wrong(field("account_ids"), "all of them")).toMatch(/commas/);
  });

  it("is sent without what was left empty, days as a number", () => {
    const settings = { shop: " a.myshopify.com", api_version: "", history_days: "90" };
    expect(typedOf({ settings, credentials: { access_token: "shpat_x ", app_secret: " " } })).toEqual({
      settings: { shop: "a.myshopify.com", history_days: 90 },
      credentials: { access_token: "shpat_x" },
    });
    expect(typedOf({} as never)).toEqual({ settings: {}, credentials: {} });
  });

  it("offers no history that a source does not have", () => {
    const days = field("history_days", { place: "settings" });
    expect(depthsOf(source([days]))).toEqual([null, 90, 365, 730]);
    expect(depthsOf(source([days], [400, 30]))).toEqual([null, 90, 365]);
    expect(depthsOf(source([shop]))).toEqual([]);
  });
});

describe("how far a first sync is", () => {
  const stream = (more: Partial<Stream>) => ({ cursor: null, progress: null, pass: null, ...more }) as Stream;
  const done = stream({ cursor: "2026-11-20T10:00:00Z" });

  it("counts streams that have not begun as nothing, and knows when nothing can be told", () => {
    expect(shareOf([done, stream({ progress: { done: 1, total: 4 } }), stream({}), stream({})])).toBe(0.3125);
    expect(shareOf([stream({ progress: { done: 9, total: 4 } })])).toBe(1);
    expect(shareOf([stream({}), stream({ progress: { done: 0, total: 0 } })])).toBeNull();
  });

  it("reads only where it may", () => {
    const one = { state: "healthy", streams: [stream({ pass: "recent" })] } as Integration;
    expect(reads(one)).toBe(true);
    expect(reads({ ...one, state: "paused" })).toBe(false);
    expect(reads({ ...one, streams: [done] })).toBe(false);
  });

  it("is named by the account, else by what was typed", () => {
    const one = { source: "shopify", account: null, settings: { shop: "a.myshopify.com" } } as unknown as Integration;
    expect(nameOf(one)).toBe("Shopify, a.myshopify.com");
    expect(nameOf({ ...one, account: "Candle & Co" })).toBe("Shopify, Candle & Co");
    expect(nameOf({ ...one, settings: {} })).toBe("Shopify");
  });
});
