/** The shapes the pages read, by the names the pages use. Decimals are text (`"128400.12"`), counts are numbers. */
import type { components } from "./schema";

type Schemas = components["schemas"];

export type Permission = Schemas["Permission"];
export type Role = Schemas["Role"];
export type SignedIn = Schemas["SignedIn"];
export type NewOwner = Schemas["NewOwner"];
export type Me = Schemas["Me"];
export type Brand = Schemas["BrandView"];
export type Person = Schemas["UserRow"];
export type Session = Schemas["SessionView"];
export type ApiKey = Schemas["KeyView"];
export type MadeKey = Schemas["MadeKey"];
export type Invitation = Schemas["InvitationView"];
export type LinkMade = Schemas["LinkMade"];
export type LinkView = Schemas["LinkView"];
export type Enrolment = Schemas["Enrolment"];
export type PersonChange = Schemas["UserChange"];
export type ImportFormat = Schemas["FormatView"];
export type ImportJob = Schemas["ImportView"];
/** RFC 9457, as every failing route answers; a proxy in between may leave things out. */
export type ProblemBody = Partial<Schemas["Problem"]>;

export type Unit = Schemas["Unit"];
export type Grain = Schemas["Grain"];
export type Direction = Schemas["Direction"];
export type Tone = Schemas["Tone"];

/** Decimal text, a count, or nothing that can be known; the document of the API has no type for that. */
export type Figure = string | number | null;

export type Kpi = Omit<Schemas["Kpi"], "value" | "previous" | "change" | "series"> & {
  value: Figure;
  previous: Figure;
  change: Figure;
  series: { t: string; value: Figure; previous: Figure }[];
};

/** A bucket of the main chart, with figures by metric. */
export type Bucket = Omit<Schemas["Point"], "values" | "previous"> & {
  values: Record<string, Figure>;
  previous: Record<string, Figure> | null;
};

export type Dashboard = Omit<Schemas["Dashboard"], "kpis" | "series"> & { kpis: Kpi[]; series: Bucket[] };
export type ProductRow = Schemas["ProductRow"];
export type StockRow = Schemas["StockRow"];

/** What ad figures a line of the channel table has, on whatever level. */
export type AdFigures = { [Name in keyof Schemas["AdFigures"]]: Figure | undefined };

type Op = Schemas["Op"];
export type TypedQuery = Omit<Schemas["Query"], "filters"> & {
  filters: { dim: string; op: Op; value?: string | string[] }[];
};
/** Columns are the dimensions, then each metric, with `.previous` and the like after it. */
export type QueryAnswer = Omit<Schemas["Answer"], "rows"> & { rows: Figure[][] };
