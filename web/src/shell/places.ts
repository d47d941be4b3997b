/** Where one can go: the menu, the tab bar and the palette show the same list. */
import {
  Banknote,
  Building2,
  DatabaseBackup,
  Grid3x3,
  KeyRound,
  LayoutDashboard,
  type LucideIcon,
  Palette,
  Plug,
  Scale,
  ScrollText,
  Store,
  Upload,
  UserRound,
  Users,
  Waypoints,
} from "lucide-react";
import type { Permission } from "../api/types";
import { t } from "../messages/en";

export interface Place {
  id: string;
  to:
    | "/b/$brand"
    | "/b/$brand/customers"
    | "/b/$brand/attribution"
    | "/b/$brand/integrations"
    | "/b/$brand/import"
    | "/b/$brand/profit"
    | "/b/$brand/bridge"
    | "/admin/users"
    | "/admin/keys"
    | "/admin/tenants"
    | "/admin/backups"
    | "/admin/audit"
    | "/settings/profile"
    | "/settings/brand"
    | "/settings/appearance";
  label: string;
  icon: LucideIcon;
  key: string;
  need?: Permission;
  /** What is of the account stands in its menu alone. */
  group: "main" | "settings" | "account";
  /** Not at the bottom edge of a phone, where there is room for five, of figures: in the account's menu there. */
  deskOnly?: boolean;
}

export const PLACES: Place[] = [
  {
    id: "dashboard",
    to: "/b/$brand",
    label: t.nav.dashboard,
    icon: LayoutDashboard,
    key: "d",
    need: "view",
    group: "main",
  },
  {
    id: "profit",
    to: "/b/$brand/profit",
    label: t.nav.profit,
    icon: Banknote,
    key: "m",
    need: "view",
    group: "main",
  },
  {
    id: "bridge",
    to: "/b/$brand/bridge",
    label: t.nav.bridge,
    icon: Scale,
    key: "r",
    need: "view",
    group: "main",
    deskOnly: true,
  },
  {
    id: "customers",
    to: "/b/$brand/customers",
    label: t.nav.customers,
    icon: Grid3x3,
    key: "o",
    need: "view",
    group: "main",
  },
  {
    id: "attribution",
    to: "/b/$brand/attribution",
    label: t.nav.attribution,
    icon: Waypoints,
    key: "a",
    need: "view",
    group: "main",
  },
  {
    id: "integrations",
    to: "/b/$brand/integrations",
    label: t.nav.integrations,
    icon: Plug,
    key: "i",
    need: "view",
    group: "main",
  },
  {
    id: "import",
    to: "/b/$brand/import",
    label: t.nav.import,
    icon: Upload,
    key: "f",
    need: "connect",
    group: "main",
    deskOnly: true,
  },
  {
    id: "people",
    to: "/admin/users",
    label: t.nav.people,
    icon: Users,
    key: "p",
    need: "manage",
    group: "settings",
    deskOnly: true,
  },
  {
    id: "keys",
    to: "/admin/keys",
    label: t.nav.keys,
    icon: KeyRound,
    key: "k",
    need: "manage",
    group: "settings",
    deskOnly: true,
  },
  {
    id: "brand",
    to: "/settings/brand",
    label: t.nav.brand,
    icon: Store,
    key: "b",
    need: "manage",
    group: "settings",
    deskOnly: true,
  },
  {
    id: "company",
    to: "/admin/tenants",
    label: t.nav.company,
    icon: Building2,
    key: "t",
    need: "manage",
    group: "settings",
    deskOnly: true,
  },
  {
    id: "backups",
    to: "/admin/backups",
    label: t.nav.backups,
    icon: DatabaseBackup,
    key: "c",
    need: "operate",
    group: "settings",
    deskOnly: true,
  },
  {
    id: "audit",
    to: "/admin/audit",
    label: t.nav.audit,
    icon: ScrollText,
    key: "j",
    need: "operate",
    group: "settings",
    deskOnly: true,
  },
  {
    id: "appearance",
    to: "/settings/appearance",
    label: t.nav.appearance,
    icon: Palette,
    key: "s",
    group: "settings",
    deskOnly: true,
  },
  { id: "profile", to: "/settings/profile", label: t.nav.profile, icon: UserRound, key: "u", group: "account" },
];

export function placesFor(permissions: Permission[] | undefined): Place[] {
  return PLACES.filter((place) => !place.need || permissions?.includes(place.need));
}
