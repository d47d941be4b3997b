/** Every read of the pages, as query options with one key each; the stream invalidates by these keys. */
import { keepPreviousData, QueryClient, queryOptions } from "@tanstack/react-query";
import { call } from "./client";
import { Problem } from "./problem";
import type { Brand, Dashboard, ImportFormat, ImportJob, Me, Person, QueryAnswer } from "./types";

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
  queryFn: ({ signal }) => call<Me>("GET", "/api/auth/me", { signal }),
  staleTime: 5 * 60_000,
});

export const brandsQuery = queryOptions({
  queryKey: ["brands"],
  queryFn: async ({ signal }) => (await call<{ brands: Brand[] }>("GET", "/api/brands", { signal })).brands,
});

export const peopleQuery = queryOptions({
  queryKey: ["people"],
  queryFn: async ({ signal }) => (await call<{ users: Person[] }>("GET", "/api/users", { signal })).users,
});

export const formatsQuery = queryOptions({
  queryKey: ["formats"],
  queryFn: async ({ signal }) => {
    const body = await call<ImportFormat[] | { formats: ImportFormat[] }>("GET", "/api/imports/formats", { signal });
    return Array.isArray(body) ? body : body.formats;
  },
  staleTime: Number.POSITIVE_INFINITY,
});

const busy = (jobs: ImportJob[] | undefined) => jobs?.some((job) => job.state === "queued" || job.state === "running");

export const importsQuery = (brand: string) =>
  queryOptions({
    queryKey: ["imports", brand],
    queryFn: async ({ signal }) =>
      (await call<{ imports: ImportJob[] }>("GET", `/api/brands/${encodeURIComponent(brand)}/imports`, { signal }))
        .imports,
    refetchInterval: (query) => (busy(query.state.data) ? 700 : false),
  });

export const typedQuery = (brand: string, body: object) =>
  queryOptions({
    queryKey: ["dashboard", brand, "query", body],
    queryFn: ({ signal }) =>
      call<QueryAnswer>("POST", `/api/brands/${encodeURIComponent(brand)}/query`, { body, signal }),
  });

export type DashboardParams = Record<string, string | string[] | undefined>;

export const dashboardQuery = (brand: string, params: DashboardParams) =>
  queryOptions({
    queryKey: ["dashboard", brand, params],
    queryFn: ({ signal }) =>
      call<Dashboard>("GET", `/api/brands/${encodeURIComponent(brand)}/dashboard`, { query: params, signal }),
    placeholderData: keepPreviousData,
  });
