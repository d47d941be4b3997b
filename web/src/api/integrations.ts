/** Sources that are read by themselves: what the API says of them and what it can be asked for. */
import { queryOptions } from "@tanstack/react-query";
import { api, body } from "./client";

export type SourceName = "shopify" | "meta_ads" | "tiktok_ads" | "google_ads";
export type ConnState = "connecting" | "backfilling" | "healthy" | "degraded" | "needs_sign_in" | "paused";

export interface Stream {
  name: string;
  label: string;
  state: "waiting" | "backfilling" | "healthy" | "degraded" | "blocked";
  rows: number;
  oldest: string | null;
  data_through: string | null;
  last_error: string | null;
  progress: { done: number; total: number } | null;
}

export interface Tested {
  account: string;
  granted: string[];
  missing: { scope: string; why: string }[];
  warnings: string[];
  expires_at?: string | null;
  served_version?: string | null;
}

export interface Integration {
  id: string;
  source: SourceName;
  brand: string;
  state: ConnState;
  trouble: "sign_in" | "refused" | "not_allowed" | null;
  error: string | null;
  not_before: string | null;
  tested: Tested | null;
  data_through: string | null;
  synced_at: string | null;
  next_at: string | null;
  syncing: boolean;
  api_version: string | null;
  expires_on: string | null;
  quota: { text: string; left_percent: number } | null;
  settings: Record<string, unknown>;
  history_days: number | null;
  created_by: string;
  created_at: string;
  streams: Stream[];
}

export interface Run {
  id: number;
  asked_by: string;
  state: "running" | "done" | "failed" | "stopped";
  started_at: string;
  ended_at: string | null;
  rows_landed: number;
  rows_unchanged: number;
  rows_rejected: number;
  requests: number;
  bytes: number;
  waited_ms: number;
  error: string | null;
}

/** Something that could not be understood. */
export interface Reject {
  stream: string;
  key: string;
  reason: string;
  text: string;
  first_at: string;
  last_at: string;
  times: number;
}

export interface NewIntegration {
  source: SourceName;
  brand: string;
  credentials: Record<string, string>;
  settings: Record<string, unknown>;
}

type Call = (path: string, init?: object) => Promise<{ data?: unknown }>;
const raw = api as unknown as Record<"GET" | "POST" | "PUT" | "DELETE", Call>;
const ask = <T>(method: keyof typeof raw, path: string, init: object = {}) =>
  body(raw[method](path, init)) as Promise<T>;

/** Things that move by themselves for a while. */
const moving = (one: Integration) => one.state === "connecting" || one.state === "backfilling" || one.syncing;

export const integrationsQuery = (brand: string) =>
  queryOptions({
    queryKey: ["integrations", brand],
    queryFn: async ({ signal }) =>
      await ask<{ integrations: Integration[]; offline: boolean }>("GET", "/api/integrations", {
        params: { query: { brand } },
        signal,
      }),
    // The stream tells of changes; this is for the moments in which it cannot, and for ages to stay true.
    refetchInterval: (query) => (query.state.data?.integrations.some(moving) ? 2000 : 60_000),
  });

/** The last runs, the newest first. */
export const runsQuery = (id: string) =>
  queryOptions({
    queryKey: ["integrations", "runs", id],
    queryFn: ({ signal }) =>
      ask<{ runs: Run[] }>("GET", "/api/integrations/{id}/runs", { params: { path: { id } }, signal }),
  });

export const rejectsQuery = (id: string) =>
  queryOptions({
    queryKey: ["integrations", "rejects", id],
    queryFn: ({ signal }) =>
      ask<{ rejects: Reject[] }>("GET", "/api/integrations/{id}/rejects", {
        params: { path: { id } },
        signal,
      }),
  });

export const connect = (input: NewIntegration) => ask<Integration>("POST", "/api/integrations", { body: input });

/** Asks the platform with what was typed, and keeps nothing. */
export const tryOut = (input: NewIntegration) => ask<Tested>("POST", "/api/integrations/test", { body: input });

export type Step = "sync" | "pause" | "resume";
export const act = (id: string, step: Step) =>
  ask<Integration>("POST", `/api/integrations/{id}/${step}`, { params: { path: { id } } });

export const test = (id: string) => ask<Tested>("POST", "/api/integrations/{id}/test", { params: { path: { id } } });

export const resync = (id: string, from: string, to: string) =>
  ask<Integration>("POST", "/api/integrations/{id}/resync", { params: { path: { id } }, body: { from, to } });

export const replaceCredentials = (id: string, credentials: Record<string, string>) =>
  ask<Integration>("PUT", "/api/integrations/{id}/credentials", { params: { path: { id } }, body: { credentials } });

export const disconnect = (id: string, data: "keep" | "delete") =>
  ask<void>("DELETE", "/api/integrations/{id}", { params: { path: { id }, query: { data } } });
