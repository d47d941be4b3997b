/** Every read of the pages, as query options with one key each; the stream invalidates by these keys. */
import { infiniteQueryOptions, keepPreviousData, QueryClient, queryOptions } from "@tanstack/react-query";
import { api, body } from "./client";
import { Problem } from "./problem";
import type { paths } from "./schema";
import type { Attribution, AuditPage, CohortGrid, ImportJob, QueryAnswer, TypedQuery } from "./types";

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 30_000,
      // Only answers that name a time to come back are asked for again by themselves.
      retry: (count, error) => error instanceof Problem && error.retryAfter !== null && count < 5,
      retryDelay: (_, error) => (error instanceof Problem ? (error.retryAfter ?? 5) : 5) * 1000,
    },
  },
});

export const meQuery = queryOptions({
  queryKey: ["me"],
  queryFn: ({ signal }) => body(api.GET("/api/auth/me", { signal })),
  staleTime: 5 * 60_000,
});

export const brandsQuery = queryOptions({
  queryKey: ["brands"],
  queryFn: async ({ signal }) => (await body(api.GET("/api/brands", { signal }))).brands,
});

export const peopleQuery = queryOptions({
  queryKey: ["people"],
  queryFn: async ({ signal }) => (await body(api.GET("/api/users", { signal }))).users,
});

export const invitationsQuery = queryOptions({
  queryKey: ["people", "invitations"],
  queryFn: async ({ signal }) => (await body(api.GET("/api/users/invitations", { signal }))).invitations,
});

export const keysQuery = queryOptions({
  queryKey: ["keys"],
  queryFn: async ({ signal }) => (await body(api.GET("/api/keys", { signal }))).keys,
});

export const sessionsQuery = queryOptions({
  queryKey: ["sessions"],
  queryFn: async ({ signal }) => (await body(api.GET("/api/auth/sessions", { signal }))).sessions,
});

export const factorQuery = queryOptions({
  queryKey: ["factor"],
  queryFn: ({ signal }) => body(api.GET("/api/auth/totp", { signal })),
});

export const passkeysQuery = queryOptions({
  queryKey: ["passkeys"],
  queryFn: ({ signal }) => body(api.GET("/api/auth/passkeys", { signal })),
});

export const formatsQuery = queryOptions({
  queryKey: ["formats"],
  queryFn: ({ signal }) => body(api.GET("/api/imports/formats", { signal })),
  staleTime: Number.POSITIVE_INFINITY,
});

const busy = (jobs: ImportJob[] | undefined) => jobs?.some((job) => job.state === "queued" || job.state === "running");

export const importsQuery = (brand: string) =>
  queryOptions({
    queryKey: ["imports", brand],
    queryFn: async ({ signal }) =>
      (await body(api.GET("/api/brands/{brand}/imports", { params: { path: { brand } }, signal }))).imports,
    refetchInterval: (query) => (busy(query.state.data) ? 700 : false),
  });

export const backupsQuery = queryOptions({
  queryKey: ["backups"],
  queryFn: ({ signal }) => body(api.GET("/api/backups", { signal })),
  refetchInterval: (query) => (query.state.data?.running ? 700 : false),
});

export type AuditParams = NonNullable<paths["/api/audit"]["get"]["parameters"]["query"]>;

export const auditQuery = (params: AuditParams) =>
  infiniteQueryOptions({
    queryKey: ["audit", params],
    queryFn: async ({ pageParam, signal }) => {
      const query = { ...params, ...(pageParam ? { before: pageParam } : {}) };
      // It is text only where a file is asked for.
      return (await body(api.GET("/api/audit", { params: { query }, signal }))) as AuditPage;
    },
    initialPageParam: 0,
    getNextPageParam: (page) => page.next_before,
    placeholderData: keepPreviousData,
    staleTime: 0,
  });

export const typedQuery = (brand: string, query: TypedQuery) =>
  queryOptions({
    queryKey: ["dashboard", brand, "query", query],
    queryFn: async ({ signal }) => {
      const call = api.POST("/api/brands/{brand}/query", { params: { path: { brand } }, body: query, signal });
      // It is text only where a file is asked for.
      return (await body(call)) as QueryAnswer;
    },
  });

export type CohortParams = NonNullable<paths["/api/brands/{brand}/cohorts"]["get"]["parameters"]["query"]>;

export const cohortsQuery = (brand: string, params: CohortParams) =>
  queryOptions({
    queryKey: ["dashboard", brand, "cohorts", params],
    queryFn: async ({ signal }) => {
      const call = api.GET("/api/brands/{brand}/cohorts", { params: { path: { brand }, query: params }, signal });
      // It is text only where a file is asked for.
      return (await body(call)) as CohortGrid;
    },
    placeholderData: keepPreviousData,
  });

export const forecastQuery = (brand: string) =>
  queryOptions({
    queryKey: ["dashboard", brand, "forecast"],
    queryFn: ({ signal }) =>
      body(api.GET("/api/brands/{brand}/customers/forecast", { params: { path: { brand } }, signal })),
  });

export type DashboardParams = NonNullable<paths["/api/brands/{brand}/dashboard"]["get"]["parameters"]["query"]>;

export const dashboardQuery = (brand: string, params: DashboardParams) =>
  queryOptions({
    queryKey: ["dashboard", brand, params],
    queryFn: ({ signal }) =>
      body(api.GET("/api/brands/{brand}/dashboard", { params: { path: { brand }, query: params }, signal })),
    placeholderData: keepPreviousData,
  });

export type AttributionParams = NonNullable<paths["/api/brands/{brand}/attribution"]["get"]["parameters"]["query"]>;

/** What a landing changes is fetched anew by the first word of the key. */
export const attributionQuery = (brand: string, params: AttributionParams) =>
  queryOptions({
    queryKey: ["dashboard", brand, "attribution", params],
    queryFn: async ({ signal }) => {
      const call = api.GET("/api/brands/{brand}/attribution", { params: { path: { brand }, query: params }, signal });
      // It is text only where a file is asked for.
      return (await body(call)) as Attribution;
    },
    placeholderData: keepPreviousData,
  });

export const pathsQuery = (brand: string, params: AttributionParams) =>
  queryOptions({
    queryKey: ["dashboard", brand, "paths", params],
    queryFn: ({ signal }) =>
      body(api.GET("/api/brands/{brand}/attribution/paths", { params: { path: { brand }, query: params }, signal })),
    placeholderData: keepPreviousData,
  });
