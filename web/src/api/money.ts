/** Profit, the costs it is made of, and the bridge: what the API says of them and what it can be asked for. */
import { infiniteQueryOptions, keepPreviousData, queryOptions } from "@tanstack/react-query";
import type { money } from "../messages/money";
import { api, body } from "./client";
import { queryClient } from "./queries";
import type { components, paths } from "./schema";

type Schemas = components["schemas"];

export type Statement = Schemas["ProfitStatement"];
export type StatementLine = Schemas["StatementLine"];
export type Cost = Schemas["CostView"];
export type CostInput = Schemas["CostInput"];
export type CostKind = Schemas["CostKind"];
export type CostPeriod = NonNullable<CostInput["period"]>;
export type Bridge = Schemas["Bridge"];
export type ShopBridge = Schemas["ShopBridge"];
export type Report = Schemas["ShopReport"];
export type Claims = Schemas["PlatformClaims"];
export type ClaimRow = Schemas["ClaimBeside"];
export type Model = keyof typeof money.bridge.models;

export type OrderBehind = Schemas["OrderBehindView"];

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

export const bridgeQuery = (brand: string, days: Days, model: Model | undefined) =>
  queryOptions({
    queryKey: ["dashboard", brand, "bridge", days, model],
    queryFn: ({ signal }) => {
      const query = { ...days, ...(model ? { model } : {}) };
      return body(api.GET("/api/brands/{brand}/bridge", { params: { path: { brand }, query }, signal }));
    },
    placeholderData: keepPreviousData,
  });

type Orders = NonNullable<paths["/api/brands/{brand}/bridge/orders"]["get"]["parameters"]["query"]>;
export type StepName = NonNullable<Orders["step"]>;
/** Which orders: of which days and step; of a shop, or of what a model credits. */
export type Behind = Required<Pick<Orders, "from" | "to">> &
  Pick<Orders, "store" | "currency" | "model" | "day" | "channel" | "campaign"> & { step: StepName };

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

export const claimsQuery = (brand: string, days: Required<Days>, model: Model) =>
  infiniteQueryOptions({
    queryKey: ["dashboard", brand, "bridge", "claims", days, model],
    queryFn: ({ pageParam, signal }) => {
      const query = { ...days, model, offset: pageParam, limit: PAGE };
      return body(api.GET("/api/brands/{brand}/bridge/claims", { params: { path: { brand }, query }, signal }));
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
