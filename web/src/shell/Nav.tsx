import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { meQuery } from "../api/queries";
import { t } from "../messages/en";
import { cx } from "../ui/cx";
import { type Place, placesFor } from "./places";
import { useBrandSlug } from "./useBrand";

/** The menu: at the side on a desk, at the bottom edge on a phone. */
export function Nav() {
  const permissions = useQuery(meQuery).data?.user.permissions;
  const places = placesFor(permissions).filter((place) => place.group !== "account");
  return (
    <nav
      aria-label={t.nav.main}
      className="fixed inset-x-0 bottom-0 z-30 border-t border-line bg-surface pb-[env(safe-area-inset-bottom)] lg:sticky lg:top-14 lg:h-[calc(100dvh-3.5rem)] lg:w-52 lg:shrink-0 lg:overflow-y-auto lg:border-t-0 lg:border-r lg:px-3 lg:py-4"
    >
      <ul className="flex lg:flex-col lg:gap-0.5">
        {places.map((place, index) => (
          <li key={place.id} className={cx("flex-1 lg:flex-none", place.deskOnly && "hidden lg:block")}>
            {place.group === "settings" && places[index - 1]?.group === "main" && (
              <p className="hidden px-2.5 pt-5 pb-1.5 text-xs font-medium text-ink-mute lg:block">{t.nav.settings}</p>
            )}
            <NavLink place={place} />
          </li>
        ))}
      </ul>
    </nav>
  );
}

function NavLink({ place }: { place: Place }) {
  const brand = useBrandSlug();
  const Icon = place.icon;
  if (!brand && place.to.startsWith("/b/")) return null;
  return (
    <Link
      to={place.to}
      params={{ brand: brand ?? "" }}
      activeOptions={{ exact: true, includeSearch: false }}
      className={cx(
        "flex min-h-14 flex-col items-center justify-center gap-0.5 rounded-lg px-1 text-2xs font-medium text-ink-mute transition-colors hover:text-ink",
        "data-[status=active]:text-accent",
        "lg:min-h-9 lg:flex-row lg:justify-start lg:gap-2.5 lg:px-2.5 lg:text-sm lg:text-ink-soft lg:hover:bg-sunken lg:data-[status=active]:bg-accent-soft lg:data-[status=active]:text-accent-strong",
      )}
    >
      <Icon className="size-5 lg:size-4" aria-hidden="true" />
      {place.label}
    </Link>
  );
}
