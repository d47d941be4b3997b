/** Figures of pages of their own: any query, cohorts, forecasts, attribution. What a landing changes is fetched anew by the first word of a key. */
import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { api, body } from "./client";
import type { paths } from "./schema";
import type { Attribution, CohortGrid, QueryAnswer, TypedQuery } from "./types";

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

export type AttributionParams = NonNullable<paths["/api/brands/{brand}/attribution"]["get"]["parameters"]["query"]>;

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

export const typedQuery = (brand: string, query: TypedQuery) =>
  queryOptions({
    queryKey: ["dashboard", brand, "query", query],
    queryFn: async ({ signal }) => {
      const call = api.POST("/api/brands/{brand}/query", { params: { path: { brand } }, body: query, signal });
      // It is text only where a file is asked for.
      return (await body(call)) as QueryAnswer;
    },
  });
