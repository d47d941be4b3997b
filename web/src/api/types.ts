/** The shapes the pages read. Decimals are text (`"128400.12"`), counts are numbers, days are `YYYY-MM-DD`. */

export type Permission = "view" | "ask" | "act" | "connect" | "manage" | "operate";
export type Role = "owner" | "admin" | "marketer" | "analyst" | "viewer" | "operator";
export type Decimal = string;

export interface SessionUser {
  id: string;
  email: string;
  name: string;
  role: Role;
  permissions: Permission[];
}

export interface SignedIn {
  access_token: string;
  token_type: string;
  expires_in: number;
  user: SessionUser;
  tenant: { id: string; name: string };
}

export interface Me {
  user: SessionUser;
  tenant: { id: string; name: string; slug: string };
  brands: { id: string; slug: string; name: string }[];
  demo: boolean;
}

export interface Brand {
  id: string;
  slug: string;
  name: string;
  currency: string;
  timezone: string;
  week_start: number;
  demo: boolean;
  created_at: string;
  has_data: boolean;
}

export interface Person {
  id: string;
  email: string;
  name: string;
  role: Role;
  state: "active" | "disabled";
  last_login_at: string | null;
}

export interface ImportFormat {
  name: string;
  label: string;
  kind: string;
  needs: ("account" | "currency" | "timezone" | "date_format")[];
}

export interface ImportJob {
  id: string;
  file_name: string;
  state: "queued" | "running" | "done" | "failed" | "interrupted";
  format: string | null;
  error: string | null;
  rows_read: number;
  rows_landed: number;
  rows_unchanged: number;
  rows_rejected: number;
  rejects_url: string | null;
  bytes_done: number;
  bytes_total: number;
  created_at: string;
  finished_at: string | null;
}

export type Unit = "money" | "count" | "percent" | "ratio" | "days";
export type Direction = "up" | "down" | "flat";
export type Tone = "good" | "bad" | "neutral";
export type Figure = Decimal | number | null;

export interface Kpi {
  id: string;
  label: string;
  unit: Unit;
  currency?: string | null;
  formula: string;
  good_when: "up" | "down" | "neutral";
  value: Figure;
  previous: Figure;
  change: Figure;
  change_pct: Decimal | null;
  direction: Direction | null;
  tone: Tone | null;
  partial: boolean;
  series: { t: string; value: Figure; previous?: Figure }[];
  notes?: string[];
}

export interface Bucket {
  t: string;
  previous_t?: string | null;
  partial: boolean;
  values: Record<string, Figure>;
  previous?: Record<string, Figure> | null;
}

export interface ChannelFigures {
  ad_spend: Figure;
  impressions: Figure;
  clicks: Figure;
  platform_conversions: Figure;
  platform_reported_revenue: Figure;
  platform_roas: Figure;
  cpc: Figure;
  share?: Decimal | null;
  ad_spend_change_pct?: Decimal | null;
}

export type CampaignRow = ChannelFigures & { campaign: string };
export type ChannelRow = ChannelFigures & { channel: string; campaigns: CampaignRow[]; campaigns_truncated: boolean };

/** The answer to a typed query: columns are the dimensions, then each metric, with `.previous` and the like after it. */
export interface QueryAnswer {
  columns: string[];
  rows: Figure[][];
  truncated: boolean;
}

export interface ProductRow {
  product: string | null;
  units_sold: Figure;
  net_sales: Figure;
  net_sales_change_pct: Decimal | null;
  gross_margin: Decimal | null;
  refund_rate: Decimal | null;
}

export interface StockRow {
  product: string | null;
  sku: string | null;
  size?: string | null;
  warehouse: string | null;
  inventory_on_hand: number;
  days_of_cover: Decimal | null;
  projected_stockout_date: string | null;
  low_stock: boolean;
  reorder_quantity: number | null;
}

export interface CustomerFigures {
  new_customers: number | null;
  returning_customers: number | null;
  new_sales: Decimal | null;
  returning_sales: Decimal | null;
}

export interface Source {
  connector: string;
  kind: string;
  data_through: string | null;
  landed_at: string | null;
}

export interface Dashboard {
  brand: Pick<Brand, "id" | "slug" | "name" | "currency" | "timezone" | "week_start" | "demo">;
  window: {
    range: string;
    start: string;
    end: string;
    timezone: string;
    partial: boolean;
    partial_until: string | null;
  };
  compare: { to: string; match: string; start: string; end: string } | null;
  grain: Grain;
  metric: string;
  model: string;
  freshness: { version: number; data_through: string | null; sources: Source[] };
  kpis: Kpi[];
  series: Bucket[];
  channels: { rows: ChannelRow[]; totals: ChannelFigures | null; note?: string | null };
  products: { rows: ProductRow[]; truncated: boolean };
  inventory: { rows: StockRow[]; truncated: boolean; as_of: string | null };
  customers: CustomerFigures & { series: ({ t: string; partial: boolean } & CustomerFigures)[] };
  definitions: { id: string; label: string; formula: string; unit: Unit }[];
  notes: { code: string; text: string }[];
}

export type Grain = "hour" | "day" | "week" | "month" | "quarter" | "year";

/** RFC 9457, as every failing route answers. */
export interface ProblemBody {
  title?: string;
  status?: number;
  detail?: string;
  code?: string;
  request_id?: string;
  field?: string;
}
