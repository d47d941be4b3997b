// @vitest-environment happy-dom
import { afterEach, beforeEach, expect, it, vi } from "vitest";

const SIGNED_IN = {
  access_token: "one",
  token_type: "Bearer",
  expires_in: 28_800,
  user: { id: "u", email: "a@b.example", name: "A", role: "owner", permissions: ["view"] },
  tenant: { id: "t", name: "T" },
};

const answer = (body: unknown, status = 200, headers = {}) => new Response(JSON.stringify(body), { status, headers });

beforeEach(() => {
  localStorage.clear();
  vi.resetModules();
});
afterEach(() => vi.unstubAllGlobals());

async function load(fetch: (path: string | Request, init?: RequestInit) => Promise<Response>) {
  const mock = vi.fn(fetch);
  vi.stubGlobal("fetch", mock);
  return { fetch: mock, session: await import("./session"), client: await import("./client") };
}

const pathOf = (input: string | Request) => (typeof input === "string" ? input : new URL(input.url).pathname);

it("asks nothing for strangers and never stores the token", async () => {
  const { fetch, session } = await load(async () => answer(SIGNED_IN));
  expect(await session.ensureSession()).toBeNull();
  expect(fetch).not.toHaveBeenCalled();
  await session.login("a@b.example", "secret");
  expect(session.currentSession()?.access_token).toBe("one");
  expect(JSON.stringify({ ...localStorage })).not.toContain("one");
});

it("refreshes once for many waiting requests", async () => {
  localStorage.setItem("pp.session", "1");
  const { fetch, session } = await load(async () => answer(SIGNED_IN));
  await Promise.all([session.ensureSession(), session.ensureSession(), session.ensureSession()]);
  expect(fetch).toHaveBeenCalledTimes(1);
});

it("answers a 401 with one refresh and one more try", async () => {
  let current = "old";
  const { session, client } = await load(async (input) => {
    const path = pathOf(input);
    if (path === "/api/auth/login") return answer({ ...SIGNED_IN, access_token: "old" });
    if (path === "/api/auth/refresh") {
      current = "new";
      return answer({ ...SIGNED_IN, access_token: "new" });
    }
    const token = (input as Request).headers.get("Authorization");
    return token === "Bearer new" ? answer({ ok: current }) : answer({ title: "Expired" }, 401);
  });
  await session.login("a@b.example", "secret");
  expect(await client.body(client.api.GET("/api/auth/me"))).toEqual({ ok: "new" });
});

it("says when the session is lost, and reads problems", async () => {
  const lost = vi.fn();
  const { session, client } = await load(async (input) => {
    const path = pathOf(input);
    if (path === "/api/auth/login") return answer(SIGNED_IN);
    if (path === "/api/busy") {
      const problem = { detail: "Slow down.", code: "rate_limited", request_id: "r1" };
      return answer(problem, 429, { "Retry-After": "7" });
    }
    return answer({ title: "Unauthorized" }, 401);
  });
  client.whenSessionIsLost(lost);
  await session.login("a@b.example", "secret");
  await expect(client.api.GET("/api/busy" as "/api/brands")).rejects.toMatchObject({
    status: 429,
    code: "rate_limited",
    requestId: "r1",
    retryAfter: 7,
    message: "Slow down.",
  });
  await expect(client.api.GET("/api/auth/me")).rejects.toMatchObject({ status: 401 });
  expect(lost).toHaveBeenCalledTimes(1);
  expect(session.currentSession()).toBeNull();
});
