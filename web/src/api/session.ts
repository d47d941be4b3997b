/**
 * Who is signed in. The access token lives in this module's memory only; a reload gets a new one through the
 * HttpOnly refresh cookie. Local storage holds one bit, "there may be a cookie", which saves strangers a pointless 401.
 */
import { useSyncExternalStore } from "react";
import { Problem, problemOf } from "./problem";
import type { NewOwner, SignedIn } from "./types";

const HINT = "pp.session";
/** Renewed this long before it ends, so that no request meets an expired token. */
const MARGIN_MS = 60_000;

interface Session extends SignedIn {
  endsAt: number;
}

let session: Session | null = null;
let refreshing: Promise<Session | null> | null = null;
const listeners = new Set<() => void>();

function set(next: SignedIn | null): Session | null {
  session = next ? { ...next, endsAt: Date.now() + next.expires_in * 1000 } : null;
  try {
    if (next) localStorage.setItem(HINT, "1");
    else localStorage.removeItem(HINT);
  } catch {
    // Without storage a reload asks for the password again.
  }
  for (const listener of listeners) listener();
  return session;
}

function mayHaveCookie(): boolean {
  try {
    return localStorage.getItem(HINT) === "1";
  } catch {
    return false;
  }
}

/** Without a bearer token: for whoever is a stranger yet. Throws a Problem. */
export async function send<T = SignedIn>(path: string, body?: unknown): Promise<T> {
  let response: Response;
  try {
    response = await fetch(path, {
      method: "POST",
      credentials: "same-origin",
      headers: body === undefined ? {} : { "Content-Type": "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  } catch {
    throw new Problem(0, { title: "Pulsepoint did not answer. Check the connection and that it is running." });
  }
  if (!response.ok) throw await problemOf(response);
  return (await response.json()) as T;
}

/** Throws a Problem `totp_required` where the password was right and a code is asked for as well. */
export async function login(email: string, password: string, totp?: string): Promise<void> {
  set(await send("/api/auth/login", { email, password, ...(totp === undefined ? {} : { totp }) }));
}

/** Signs in with what the person's device gave. */
export async function loginWithPasskey(given: { ceremony: string; credential: object }): Promise<void> {
  set(await send("/api/auth/passkeys/login/confirm", given));
}

/** Ends a sign-in at the provider with a code. */
export async function loginWithCode(totp: string): Promise<void> {
  set(await send("/api/auth/oidc/code", { totp }));
}

/** Goes on with what a changed password was answered with. */
export function adopt(next: SignedIn): void {
  set(next);
}

/** Makes the first person; the answer signs them in. */
export async function setUp(form: NewOwner): Promise<void> {
  set(await send("/api/setup", form));
}

const LOCK = "pp.refreshing";
const pause = (ms: number) => new Promise((done) => setTimeout(done, ms));

/**
 * A turn for this tab where the browser offers no locks, which is on plain http outside of localhost: the tab whose mark
 * is still there after a moment goes first. A mark of a tab that died counts for five seconds.
 */
async function inTurn<T>(run: () => Promise<T>): Promise<T> {
  const mine = `${Date.now()}:${Math.random()}`;
  const held = () => {
    const mark = localStorage.getItem(LOCK);
    return mark !== null && mark !== mine && Date.now() - Number(mark.split(":")[0]) < 5000;
  };
  for (let won = false; !won; ) {
    while (held()) await pause(60);
    localStorage.setItem(LOCK, mine);
    await pause(40);
    won = localStorage.getItem(LOCK) === mine;
  }
  return run().finally(() => localStorage.removeItem(LOCK));
}

/** Two tabs must not spend the same refresh token: the server takes a second use for theft and ends the session. */
async function refreshOnce(): Promise<Session | null> {
  const run = async () => {
    try {
      return set(await send("/api/auth/refresh"));
    } catch (error) {
      if (error instanceof Problem && (error.status === 401 || error.status === 403)) return set(null);
      throw error;
    }
  };
  return navigator.locks ? navigator.locks.request(LOCK, run) : inTurn(run);
}

/** A new access token through the cookie; null when the person has to sign in. */
export function refresh(): Promise<Session | null> {
  refreshing ??= refreshOnce().finally(() => {
    refreshing = null;
  });
  return refreshing;
}

/** The session if there is one or one can be had; null for strangers. */
export async function ensureSession(): Promise<Session | null> {
  if (session && session.endsAt - Date.now() > MARGIN_MS) return session;
  if (!session && !mayHaveCookie()) return null;
  return refresh();
}

export async function logout(): Promise<void> {
  const token = session?.access_token;
  set(null);
  await fetch("/api/auth/logout", {
    method: "POST",
    credentials: "same-origin",
    headers: token ? { Authorization: `Bearer ${token}` } : {},
  }).catch(() => undefined);
}

export function currentSession(): Session | null {
  return session;
}

export function useSession(): Session | null {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => session,
  );
}
