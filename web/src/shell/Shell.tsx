/** The frame around every page behind the sign-in: bar, menu, skip link, live region, keys. */
import { CSPProvider } from "@base-ui/react/csp-provider";
import { onlineManager, useQuery } from "@tanstack/react-query";
import { Link, Outlet, useNavigate } from "@tanstack/react-router";
import { Search } from "lucide-react";
import { useEffect, useState, useSyncExternalStore } from "react";
import { useMay } from "../api/access";
import { meQuery } from "../api/queries";
import { openStream } from "../api/stream";
import { t } from "../messages/en";
import { setAnnouncer } from "../ui/announce";
import { Fence } from "../ui/Card";
import { Logo } from "../ui/Logo";
import { preloadWindows } from "../ui/late/preload";
import { Toasts } from "../ui/Toasts";
import { BrandSwitcher } from "./BrandSwitcher";
import { useCommands } from "./commands";
import { DemoBar } from "./DemoBar";
import { Help } from "./Help";
import { useGlobalKeys } from "./keys";
import { Nav } from "./Nav";
import { Palette } from "./Palette";
import { placesFor } from "./places";
import { UserMenu } from "./UserMenu";
import { useBrandSlug } from "./useBrand";

export function Shell() {
  const [palette, setPalette] = useState(false);
  const [help, setHelp] = useState(false);
  const commands = useCommands(() => setHelp(true));
  const navigate = useNavigate();
  const brand = useBrandSlug();
  const permissions = useQuery(meQuery).data?.user.permissions;
  const sees = useMay("view");
  useEffect(() => (sees ? openStream() : undefined), [sees]);
  useEffect(() => {
    // Windows open without a wait, and nothing of them is in the way of the first figures.
    const timer = setTimeout(() => preloadWindows(), 2500);
    return () => clearTimeout(timer);
  }, []);
  useGlobalKeys({
    palette: () => setPalette(true),
    help: () => setHelp(true),
    go: (letter) => {
      const place = placesFor(permissions).find((one) => one.key === letter);
      if (place) void navigate({ to: place.to, params: { brand: brand ?? "" } });
    },
  });
  return (
    <CSPProvider disableStyleElements>
      <a
        href="#content"
        className="fixed top-2 left-2 z-60 -translate-y-16 rounded-lg bg-accent px-4 py-2 text-sm font-medium text-on-accent focus:translate-y-0"
      >
        {t.skip}
      </a>
      <div className="isolate flex min-h-dvh flex-col">
        <header className="sticky top-0 z-30 flex h-14 items-center gap-1 border-b border-line bg-surface px-3 sm:gap-2 sm:px-4">
          <Link to="/" aria-label={t.app} className="tap mr-1 flex items-center justify-center rounded-lg">
            <Logo className="size-7" />
          </Link>
          <BrandSwitcher />
          <button
            type="button"
            onClick={() => setPalette(true)}
            className="tap ml-auto flex h-9 items-center gap-2 rounded-lg px-2.5 text-sm text-ink-mute hover:bg-sunken sm:border sm:border-line"
          >
            <Search className="size-4" aria-hidden="true" />
            <span className="sr-only sm:not-sr-only">{t.nav.search}</span>
            <span className="hidden pl-4 text-xs sm:inline" aria-hidden="true">
              Ctrl K
            </span>
          </button>
          <UserMenu onHelp={() => setHelp(true)} />
        </header>
        <DemoBar />
        <OfflineBar />
        <FactorBar />
        <div className="flex flex-1">
          <Nav />
          <main id="content" tabIndex={-1} className="min-w-0 flex-1 px-3 pt-4 pb-24 sm:px-5 sm:pt-5 lg:pb-10 xl:px-6">
            <Fence>
              <Outlet />
            </Fence>
          </main>
        </div>
      </div>
      <div ref={setAnnouncer} role="status" aria-live="polite" className="sr-only" />
      <Toasts />
      <Palette open={palette} onOpenChange={setPalette} commands={commands} />
      <Help open={help} onOpenChange={setHelp} />
    </CSPProvider>
  );
}

/** Says why nothing else can be done while a second factor is asked for. */
function FactorBar() {
  const factor = useQuery(meQuery).data?.second_factor;
  if (!factor?.required || factor.enrolled || factor.passed) return null;
  return (
    <section
      aria-label={t.factor.required}
      className="flex flex-wrap items-center justify-center gap-x-3 border-b border-line bg-warn-soft px-4 py-2 text-center text-xs text-warn"
    >
      <span>{t.factor.required}</span>
      <Link to="/settings/profile" className="tap inline-flex items-center font-medium underline">
        {t.factor.toProfile}
      </Link>
    </section>
  );
}

function OfflineBar() {
  const online = useSyncExternalStore(
    (listener) => onlineManager.subscribe(listener),
    () => onlineManager.isOnline(),
  );
  if (online) return null;
  return (
    <p
      role="status"
      data-testid="state-offline"
      className="border-b border-line bg-warn-soft px-4 py-2 text-center text-xs text-warn"
    >
      {t.states.offline}
    </p>
  );
}
