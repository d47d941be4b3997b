/** Every read of the pages, as query options with one key each; the stream invalidates by these keys. */
import { keepPreviousData, QueryClient, queryOptions } from "@tanstack/react-query";
import { api, body } from "./client";
import { Problem } from "./problem";
import type { paths } from "./schema";

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

export type DashboardParams = NonNullable<paths["/api/brands/{brand}/dashboard"]["get"]["parameters"]["query"]>;

export const dashboardQuery = (brand: string, params: DashboardParams) =>
  queryOptions({
    queryKey: ["dashboard", brand, params],
    queryFn: ({ signal }) =>
      body(api.GET("/api/brands/{brand}/dashboard", { params: { path: { brand }, query: params }, signal })),
    placeholderData: keepPreviousData,
  });
