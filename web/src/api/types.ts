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
export type Passkey = Schemas["PasskeyView"];
export type ApiKey = Schemas["KeyView"];
export type Site = Schemas["SiteView"];
export type ChannelRules = Schemas["ChannelRulesView"];
export type ChannelRule = Schemas["ChannelRule"];
export type ChannelTried = Schemas["ChannelTried"];
export type MadeKey = Schemas["MadeKey"];
export type Invitation = Schemas["InvitationView"];
export type LinkMade = Schemas["LinkMade"];
export type LinkView = Schemas["LinkView"];
export type Enrolment = Schemas["Enrolment"];
export type PersonChange = Schemas["UserChange"];
export type ImportFormat = Schemas["FormatView"];
export type ImportJob = Schemas["ImportView"];
export type Backups = Schemas["BackupList"];
export type Archive = Schemas["BackupView"];
export type AuditEntry = Schemas["AuditEntry"];
export type AuditChain = Schemas["AuditChain"];
export type AuditPage = Schemas["AuditPage"];
/** RFC 9457, as every failing route answers; a proxy in between may leave things out. */
export type ProblemBody = Partial<Schemas["Problem"]>;

export type Unit = Schemas["Unit"];
export type Grain = Schemas["Grain"];
export type Direction = Schemas["Direction"];
export type Tone = Schemas["Tone"];

/** Decimal text, a count, or nothing that can be known. */
export type Figure = Schemas["Figure"];
export type Kpi = Schemas["Kpi"];
export type Dashboard = Schemas["Dashboard"];
/** Models side by side. */
export type Attribution = Schemas["Attribution"];
export type ChannelByModel = Schemas["ChannelByModel"];
export type Journeys = Schemas["Journeys"];
export type ProductRow = Schemas["ProductRow"];
export type StockRow = Schemas["StockRow"];

/** What ad figures a line of the channel table has, on whatever level; those of a typed query are not told apart. */
export type AdFigures = { [Name in keyof Schemas["AdFigures"]]: Figure | undefined };

export type CohortGrid = Schemas["CohortGrid"];
export type CohortRow = Schemas["CohortRow"];
export type CohortCell = Schemas["CohortCell"];
export type Forecast = Schemas["Forecast"];

export type TypedQuery = Schemas["Query"];
export type QueryFilter = Schemas["Filter"];
/** Columns are the dimensions, then each metric, with `.previous` and the like after it. */
export type QueryAnswer = Schemas["Answer"];
