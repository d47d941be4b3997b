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
  cursor: string | null;
  pass: string | null;
  last_error: string | null;
  progress: { done: number; total: number } | null;
  next_at: string;
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
  error: string | null;
  account: string | null;
  data_through: string | null;
  synced_at: string | null;
  next_at: string | null;
  api_version: string;
  served_version: string | null;
  expires_on: string | null;
  sign_in_ends_at: string | null;
  warnings: string[];
  quota: { text: string; left_percent: number } | null;
  settings: Record<string, unknown>;
  webhook_path: string | null;
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
  quota: string | null;
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

export interface Permission {
  scope: string;
  why: string;
}

/** Something to type in. */
export interface Field {
  name: string;
  place: string;
  label: string;
  required: boolean;
  secret: boolean;
  group: string | null;
  example: string | null;
  help: string | null;
  advanced: boolean;
}

/** A source that can be connected, and what it takes. */
export interface Source {
  source: SourceName;
  label: string;
  about: string;
  docs: string;
  streams: { name: string; label: string; scope: string | null; history_days: number | null }[];
  permissions: Permission[];
  steps: string[];
  fields: Field[];
  sign_in: boolean;
  webhooks: boolean;
  api_version: string;
  expires_on: string | null;
  unreachable: string | null;
}

export interface TestOutcome {
  ok: boolean;
  code: string | null;
  reason: string | null;
  found: Tested | null;
  integration: Integration;
}

/** What was typed, by name. */
export interface Typed {
  credentials: Record<string, string>;
  settings: Record<string, string | number>;
}

type Call = (path: string, init?: object) => Promise<{ data?: unknown }>;
const raw = api as unknown as Record<"GET" | "POST" | "PUT" | "DELETE", Call>;
const ask = <T>(method: keyof typeof raw, path: string, init: object = {}) =>
  body(raw[method](path, init)) as Promise<T>;

/** Whether something is being read. */
export const reads = ({ state, streams }: Integration) =>
  ["backfilling", "healthy", "degraded"].includes(state) && streams.some((stream) => stream.pass !== null);

/** Things that move by themselves for a while. */
const moving = (one: Integration) => one.state === "connecting" || one.state === "backfilling" || reads(one);

export const integrationsQuery = (brand: string) =>
  queryOptions({
    queryKey: ["integrations", brand],
    queryFn: async ({ signal }) =>
      (await ask<{ integrations: Integration[] }>("GET", "/api/integrations", { params: { query: { brand } }, signal }))
        .integrations,
    // The stream tells of changes; this is for the moments in which it cannot, and for ages to stay true.
    refetchInterval: (query) => (query.state.data?.some(moving) ? 2000 : 60_000),
  });

export const sourcesQuery = queryOptions({
  queryKey: ["sources"],
  queryFn: ({ signal }) => ask<Source[]>("GET", "/api/integrations/sources", { signal }),
  staleTime: 5 * 60_000,
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

export const connect = (source: SourceName, brand: string, typed: Typed) =>
  ask<Integration>("POST", "/api/integrations", { body: { source, brand, ...typed } });

/** Other credentials in the place of those that are there, and other settings where some are given. */
export const replaceCredentials = (id: string, { credentials, settings }: Omit<Typed, "settings"> & Partial<Typed>) =>
  ask<Integration>("PUT", "/api/integrations/{id}/credentials", {
    params: { path: { id } },
    body: { credentials, ...(settings && { settings }) },
  });

/** That the platform does not let us in is an answer, not an error. */
export const test = (id: string) =>
  ask<TestOutcome>("POST", "/api/integrations/{id}/test", { params: { path: { id } } });

export type Step = "sync" | "pause" | "resume";
export const act = (id: string, step: Step) =>
  ask<Integration>("POST", `/api/integrations/{id}/${step}`, { params: { path: { id } } });

/** Where a person allows access on the platform's own page; the integration has its app's id and secret already. */
export const signInAt = async (source: SourceName, integration: string) =>
  (
    await ask<{ location: string }>("GET", "/api/oauth/{source}/start", {
      params: { path: { source }, query: { integration } },
    })
  ).location;

/** Reads days once more; `to` is the day after the last. */
export const resync = (id: string, from: string, to: string) =>
  ask<Integration>("POST", "/api/integrations/{id}/resync", { params: { path: { id } }, body: { from, to } });

export const disconnect = (id: string, data: "keep" | "delete") =>
  ask<void>("DELETE", "/api/integrations/{id}", { params: { path: { id }, query: { data } } });
