/** Profit, the costs it is made of, and the bridge: what the API says of them and what it can be asked for. */
import { infiniteQueryOptions, keepPreviousData, queryOptions } from "@tanstack/react-query";
import { api, body } from "./client";
import { queryClient } from "./queries";
import type { components, paths } from "./schema";

type Schemas = components["schemas"];

export type Statement = Schemas["Statement"];
export type StatementLine = Schemas["Line"];
export type Cost = Schemas["CostView"];
export type CostInput = Schemas["CostInput"];
export type CostKind = Schemas["Kind"];
export type CostPeriod = NonNullable<CostInput["period"]>;
export type Bridge = Schemas["Bridge"];
export type ShopBridge = Schemas["ShopBridge"];
export type Report = Schemas["Report"];
export type StepName = Schemas["BehindStep"];
export type OrderBehind = Schemas["OrderView"];

export interface Days {
  from?: string;
  to?: string;
}

export type Columns = "day" | "week" | "month";

export const profitQuery = (brand: string, days: Days, grain: Columns | undefined) =>
  queryOptions({
    queryKey: ["dashboard", brand, "profit", days, grain],
    queryFn: ({ signal }) => {
      const query = { ...days, ...(grain ? { grain } : {}) };
      return body(api.GET("/api/brands/{brand}/profit", { params: { path: { brand }, query }, signal }));
    },
    placeholderData: keepPreviousData,
  });

export const costsQuery = (brand: string) =>
  queryOptions({
    queryKey: ["costs", brand],
    queryFn: async ({ signal }) =>
      (await body(api.GET("/api/brands/{brand}/costs", { params: { path: { brand } }, signal }))).costs,
  });

export const bridgeQuery = (brand: string, days: Days) =>
  queryOptions({
    queryKey: ["dashboard", brand, "bridge", days],
    queryFn: ({ signal }) =>
      body(api.GET("/api/brands/{brand}/bridge", { params: { path: { brand }, query: days }, signal })),
    placeholderData: keepPreviousData,
  });

export type Behind = paths["/api/brands/{brand}/bridge/orders"]["get"]["parameters"]["query"];

const PAGE = 50;

export const behindQuery = (brand: string, of: Behind) =>
  infiniteQueryOptions({
    queryKey: ["dashboard", brand, "bridge", "orders", of],
    queryFn: ({ pageParam, signal }) => {
      const query = { ...of, offset: pageParam, limit: PAGE };
      return body(api.GET("/api/brands/{brand}/bridge/orders", { params: { path: { brand }, query }, signal }));
    },
    initialPageParam: 0,
    getNextPageParam: (page, all) => (page.truncated ? all.length * PAGE : undefined),
  });

/** After a cost or a total changed, every figure of the brand may have. */
export async function figuresChanged(brand: string): Promise<void> {
  await Promise.all([
    queryClient.invalidateQueries({ queryKey: ["costs", brand] }),
    queryClient.invalidateQueries({ queryKey: ["dashboard", brand] }),
  ]);
}
