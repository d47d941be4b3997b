import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { meQuery } from "../api/queries";
import { t } from "../messages/en";
import { type DashboardSearch, KPI_IDS, RANGES } from "../pages/dashboard/search";
import { setTheme } from "../ui/preferences";
import type { Command } from "./Palette";
import { placesFor } from "./places";
import { useBrandSlug, useBrands } from "./useBrand";

/** What the palette offers: only what this person may do and what exists. */
export function useCommands(onHelp: () => void): Command[] {
  const navigate = useNavigate();
  const brand = useBrandSlug() ?? "";
  const permissions = useQuery(meQuery).data?.user.permissions;
  const brands = useBrands().data ?? [];
  const dashboard = (change: DashboardSearch) =>
    void navigate({
      to: "/b/$brand",
      params: { brand },
      search: (before: DashboardSearch) => ({ ...before, ...change }),
    });
  const pages = placesFor(permissions).filter((place) => brand || !place.to.startsWith("/b/"));
  return [
    ...pages.map((place) => ({
      id: `page-${place.id}`,
      group: "page" as const,
      label: place.label,
      keys: `G ${place.key.toUpperCase()}`,
      run: () => void navigate({ to: place.to, params: { brand } }),
    })),
    ...brands
      .filter((one) => one.slug !== brand)
      .map((one) => ({
        id: `brand-${one.slug}`,
        group: "brand" as const,
        label: one.name,
        run: () => void navigate({ to: "/b/$brand", params: { brand: one.slug } }),
      })),
    ...RANGES.filter((range) => brand && range !== "custom").map((range) => ({
      id: `range-${range}`,
      group: "range" as const,
      label: t.range.names[range],
      run: () => dashboard({ range, from: undefined, to: undefined }),
    })),
    ...KPI_IDS.filter(() => brand).map((metric) => ({
      id: `metric-${metric}`,
      group: "metric" as const,
      label: t.metrics[metric],
      run: () => dashboard({ metric }),
    })),
    ...(["system", "light", "dark"] as const).map((theme) => ({
      id: `theme-${theme}`,
      group: "action" as const,
      label: `${t.appearance.theme}: ${t.appearance.themes[theme]}`,
      run: () => setTheme(theme),
    })),
    { id: "help", group: "action", label: t.nav.shortcuts, keys: "?", run: onHelp },
  ];
}
