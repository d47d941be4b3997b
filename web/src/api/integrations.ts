/** Sources that are read by themselves: what the API says of them and what it can be asked for. */
import { queryOptions } from "@tanstack/react-query";
import { api, body } from "./client";
import type { components } from "./schema";

type Schemas = components["schemas"];

export type SourceName = Schemas["Source"];
export type ConnState = Schemas["IntegrationState"];
export type Integration = Omit<Schemas["IntegrationView"], "settings" | "streams"> & {
  settings: Record<string, unknown>;
  streams: Stream[];
};
/** The states are those of the store: see `sync::store::streams`. */
export type Stream = Schemas["StreamView"] & { state: "waiting" | "backfilling" | "healthy" | "degraded" | "blocked" };
export type Run = Schemas["RunView"] & { state: "running" | "done" | "failed" | "stopped" };
/** Something that could not be understood. */
export type Reject = Schemas["RejectView"];
export type Tested = Schemas["Tested"];
/** A source that can be connected, and what it takes. */
export type Source = Schemas["SourceView"];
/** Something to type in. */
export type Field = Schemas["SourceField"];
export type TestOutcome = Schemas["TestView"];
export type Trial = Schemas["TrialView"];

/** What was typed, by name. */
export interface Typed {
  credentials: Record<string, string>;
  settings: Record<string, string | number>;
}

/** Whether something is being read. */
export const reads = ({ state, streams }: Integration) =>
  ["backfilling", "healthy", "degraded"].includes(state) && streams.some((stream) => stream.pass !== null);

/** Things that move by themselves for a while. */
const moving = (one: Integration) => one.state === "connecting" || one.state === "backfilling" || reads(one);

export const integrationsQuery = (brand: string) =>
  queryOptions({
    queryKey: ["integrations", brand],
    queryFn: async ({ signal }) => {
      const list = await body(api.GET("/api/integrations", { params: { query: { brand } }, signal }));
      return list.integrations as Integration[];
    },
    // The stream tells of changes; this is for the moments in which it cannot, and for ages to stay true.
    refetchInterval: (query) => (query.state.data?.some(moving) ? 2000 : 60_000),
  });

export const sourcesQuery = queryOptions({
  queryKey: ["sources"],
  queryFn: ({ signal }) => body(api.GET("/api/integrations/sources", { signal })),
  staleTime: 5 * 60_000,
});

/** The last runs, the newest first. */
export const runsQuery = (id: string) =>
  queryOptions({
    queryKey: ["integrations", "runs", id],
    queryFn: async ({ signal }) =>
      (await body(api.GET("/api/integrations/{id}/runs", { params: { path: { id } }, signal }))).runs as Run[],
  });

export const rejectsQuery = (id: string) =>
  queryOptions({
    queryKey: ["integrations", "rejects", id],
    queryFn: async ({ signal }) =>
      (await body(api.GET("/api/integrations/{id}/rejects", { params: { path: { id } }, signal }))).rejects,
  });

export const connect = async (source: SourceName, brand: string, typed: Typed) =>
  (await body(api.POST("/api/integrations", { body: { source, brand, ...typed } }))) as Integration;

/** Asks the platform who we would be there; connects nothing. */
export const tryOut = (source: SourceName, brand: string, typed: Typed) =>
  body(api.POST("/api/integrations/test", { body: { source, brand, ...typed } }));

/** Other credentials in the place of those that are there, and other settings where some are given. */
export const replaceCredentials = async (id: string, typed: Omit<Typed, "settings"> & Partial<Typed>) =>
  (await body(api.PUT("/api/integrations/{id}/credentials", { params: { path: { id } }, body: typed }))) as Integration;

/** That the platform does not let us in is an answer, not an error. */
export const test = (id: string) => body(api.POST("/api/integrations/{id}/test", { params: { path: { id } } }));

export type Step = "sync" | "pause" | "resume";
export const act = (id: string, step: Step) =>
  body(api.POST(`/api/integrations/{id}/${step}`, { params: { path: { id } } }));

/** Where a person allows access on the platform's own page; the integration has its app's id and secret already. */
export const signInAt = async (source: SourceName, integration: string) => {
  const params = { path: { source }, query: { integration } };
  return (await body(api.GET("/api/oauth/{source}/start", { params }))).location;
};

/** Reads days once more; `to` is the day after the last. */
export const resync = (id: string, from: string, to: string) =>
  body(api.POST("/api/integrations/{id}/resync", { params: { path: { id } }, body: { from, to } }));

export const disconnect = (id: string, data: "keep" | "delete") =>
  api.DELETE("/api/integrations/{id}", { params: { path: { id }, query: { data } } });
