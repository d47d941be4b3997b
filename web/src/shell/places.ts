/** Where one can go: the menu, the tab bar and the palette show the same list. */
import { LayoutDashboard, type LucideIcon, Palette, Store, Upload, Users } from "lucide-react";
import type { Permission } from "../api/types";
import { t } from "../messages/en";

export interface Place {
  id: string;
  to: "/b/$brand" | "/b/$brand/import" | "/admin/users" | "/settings/brand" | "/settings/appearance";
  label: string;
  icon: LucideIcon;
  key: string;
  need?: Permission;
  group: "main" | "settings";
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
  { id: "import", to: "/b/$brand/import", label: t.nav.import, icon: Upload, key: "i", need: "connect", group: "main" },
  { id: "people", to: "/admin/users", label: t.nav.people, icon: Users, key: "p", need: "manage", group: "settings" },
  { id: "brand", to: "/settings/brand", label: t.nav.brand, icon: Store, key: "b", need: "manage", group: "settings" },
  { id: "appearance", to: "/settings/appearance", label: t.nav.appearance, icon: Palette, key: "s", group: "settings" },
];

export function placesFor(permissions: Permission[] | undefined): Place[] {
  return PLACES.filter((place) => !place.need || permissions?.includes(place.need));
}
