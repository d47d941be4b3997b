/** What was done: imports, backups, the audit log. */
import { infiniteQueryOptions, keepPreviousData, queryOptions } from "@tanstack/react-query";
import { api, body } from "./client";
import type { paths } from "./schema";
import type { AuditPage, ImportJob } from "./types";

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
