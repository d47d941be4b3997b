import { afterEach, describe, expect, it, vi } from "vitest";
import { bytes, canSignIn, hasPasskeys, text } from "./passkeys";

afterEach(() => vi.unstubAllGlobals());

describe("passkeys", () => {
  it("writes bytes as the server reads them, and back", () => {
    const all = Uint8Array.from({ length: 256 }, (_, n) => n);
    expect(text(Uint8Array.of(0xfb, 0xff, 0xbf).buffer)).toBe("-_-_");
    expect(text(Uint8Array.of(1).buffer)).toBe("AQ");
    expect([...bytes(text(all.buffer))]).toEqual([...all]);
  });

  it("asks nobody where the browser has none", async () => {
    const fetched = vi.fn();
    // As on plain http at an address of a local network.
    vi.stubGlobal("window", { location: { hostname: "192.168.1.7" }, isSecureContext: false });
    vi.stubGlobal("fetch", fetched);
    expect(hasPasskeys("192.168.1.7")).toBe(false);
    expect(hasPasskeys(null)).toBe(false);
    expect(await canSignIn()).toBe(false);
    expect(fetched).not.toHaveBeenCalled();
  });
});
