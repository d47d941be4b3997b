import { useQuery } from "@tanstack/react-query";
import { useRouter } from "@tanstack/react-router";
import { Keyboard, LogOut, Monitor, Moon, Palette, Sun, UserRound } from "lucide-react";
import { meQuery, queryClient } from "../api/queries";
import { logout } from "../api/session";
import { t } from "../messages/en";
import { Menu } from "../ui/Menu";
import { setTheme, useTheme } from "../ui/preferences";
import { placesFor } from "./places";

const ICON = "size-4 text-ink-mute";
const NEXT = { system: "light", light: "dark", dark: "system" } as const;
const ICONS = { system: Monitor, light: Sun, dark: Moon };

export function UserMenu({ onHelp }: { onHelp: () => void }) {
  const me = useQuery(meQuery).data;
  const router = useRouter();
  const theme = useTheme();
  const Theme = ICONS[theme];
  const initials = (me?.user.name || me?.user.email || "")
    .split(/\s+/)
    .map((word) => [...word][0] ?? "")
    .slice(0, 2)
    .join("")
    .toUpperCase();

  async function leave(): Promise<void> {
    await logout();
    await router.navigate({ to: "/login" });
    queryClient.clear();
  }

  return (
    <Menu
      trigger={
        <button
          type="button"
          aria-label={`${initials}, ${t.nav.account}`}
          title={t.nav.account}
          className="tap flex size-9 shrink-0 items-center justify-center rounded-full"
        >
          <span className="flex size-8 items-center justify-center rounded-full bg-accent-soft text-xs font-semibold text-accent-strong">
            {initials}
          </span>
        </button>
      }
      items={[
        {
          text: (
            <>
              <span className="block max-w-56 truncate text-sm font-medium text-ink">{me?.user.name}</span>
              <span className="block max-w-56 truncate">{me?.user.email}</span>
              <span className="block max-w-56 truncate">
                {me && `${t.people.roles[me.user.role]} · ${me.tenant.name}`}
              </span>
            </>
          ),
        },
        {
          id: "profile",
          apart: true,
          icon: <UserRound className={ICON} aria-hidden="true" />,
          label: t.nav.profile,
          run: () => void router.navigate({ to: "/settings/profile" }),
        },
        // The bar at the bottom edge of a phone has no room for them.
        ...placesFor(me?.user.permissions)
          .filter((place) => place.deskOnly)
          .map((place) => ({
            id: place.id,
            icon: <place.icon className={ICON} aria-hidden="true" />,
            label: place.label,
            run: () => void router.navigate({ to: place.to }),
          })),
        {
          id: "theme",
          apart: true,
          icon: <Theme className={ICON} aria-hidden="true" />,
          label: `${t.appearance.theme}: ${t.appearance.themes[theme]}`,
          run: () => setTheme(NEXT[theme]),
        },
        {
          id: "appearance",
          icon: <Palette className={ICON} aria-hidden="true" />,
          label: t.nav.appearance,
          run: () => void router.navigate({ to: "/settings/appearance" }),
        },
        {
          id: "shortcuts",
          icon: <Keyboard className={ICON} aria-hidden="true" />,
          label: t.nav.shortcuts,
          run: onHelp,
        },
        {
          id: "leave",
          apart: true,
          icon: <LogOut className={ICON} aria-hidden="true" />,
          label: t.nav.signOut,
          run: () => void leave(),
        },
      ]}
    />
  );
}
