/** Every address of the pages. Code of a page is fetched when it is first needed; its figures are asked for at once. */
import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
  redirect,
} from "@tanstack/react-router";
import { brandsQuery, dashboardQuery, meQuery, queryClient } from "./api/queries";
import { currentSession, ensureSession, refresh } from "./api/session";
import type { AttributionSearch } from "./pages/attribution/search";
import { Broken } from "./pages/Broken";
import type { CustomersSearch } from "./pages/customers/search";
import { apiParams, strictSearch } from "./pages/dashboard/search";
import type { MoneySearch } from "./pages/money/search";
import { NotFound } from "./pages/NotFound";
import { auditSearch } from "./pages/operate/search";
import "./start";
import { FirstPaint } from "./shell/FirstPaint";
import { lastBrand } from "./ui/preferences";

const rootRoute = createRootRoute({ component: Outlet, notFoundComponent: NotFound, errorComponent: Broken });

interface LoginSearch {
  next?: string;
  ended?: boolean;
}

async function setupNeeded(): Promise<boolean> {
  const response = await fetch("/api/setup", { credentials: "same-origin" }).catch(() => null);
  if (!response?.ok) return false;
  return ((await response.json()) as { needed: boolean }).needed;
}

/** An address of this site: `//elsewhere` would be another one. */
const OWN = /^\/(?![/\\])/;

/** Where the person wanted to go before they went to the provider. */
function keptNext(): string {
  try {
    const next = sessionStorage.getItem("pp.next") ?? "/";
    sessionStorage.removeItem("pp.next");
    return OWN.test(next) ? next : "/";
  } catch {
    return "/";
  }
}

const loginRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/login",
  validateSearch: (raw: Record<string, unknown>): LoginSearch => ({
    next: typeof raw.next === "string" && OWN.test(raw.next) ? raw.next : undefined,
    ended: raw.ended ? true : undefined,
  }),
  beforeLoad: async ({ search, location }) => {
    // Sent back by the provider, with a cookie that this page's storage knows nothing of yet.
    if (location.hash === "sso=done" && (await refresh().catch(() => null))) throw redirect({ href: keptNext() });
    if (await ensureSession().catch(() => null)) throw redirect({ href: search.next ?? "/" });
    if (await setupNeeded()) throw redirect({ to: "/setup" });
  },
  component: lazyRouteComponent(() => import("./pages/door/Login"), "Login"),
});

/** Pages of a link that was handed over; its token stands behind the #. */
const joinRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/join",
  component: lazyRouteComponent(() => import("./pages/door/LinkPage"), "LinkPage"),
});

const resetRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/reset",
  component: lazyRouteComponent(() => import("./pages/door/LinkPage"), "LinkPage"),
});

const setupRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/setup",
  loader: async () => ({ needed: await setupNeeded() }),
  staleTime: Number.POSITIVE_INFINITY,
  component: lazyRouteComponent(() => import("./pages/door/Setup"), "Setup"),
});

const maySee = () => currentSession()?.user.permissions.includes("view") ?? false;

/** Everything behind the sign-in. The person's own record and the brands are fetched while the page's code is. */
const shellRoute = createRoute({
  getParentRoute: () => rootRoute,
  id: "shell",
  beforeLoad: async ({ location }) => {
    if (await ensureSession()) return;
    if (await setupNeeded()) throw redirect({ to: "/setup" });
    throw redirect({ to: "/login", search: location.pathname === "/" ? {} : { next: location.href } });
  },
  // What the bar and the menu show has to be known before they do, or they would push the page about; but nothing waits
  // for it longer than a moment.
  loader: () =>
    Promise.race([
      Promise.all([queryClient.prefetchQuery(meQuery), maySee() ? queryClient.prefetchQuery(brandsQuery) : null]),
      new Promise((done) => setTimeout(done, 800)),
    ]).then(() => undefined),
  staleTime: Number.POSITIVE_INFINITY,
  pendingComponent: FirstPaint,
  pendingMs: 0,
  pendingMinMs: 0,
  component: lazyRouteComponent(() => import("./shell/Shell"), "Shell"),
  errorComponent: Broken,
  notFoundComponent: NotFound,
});

const homeRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/",
  beforeLoad: async ({ location: { hash } }) => {
    const me = await queryClient.ensureQueryData(meQuery);
    const slug = me.brands.find((brand) => brand.slug === lastBrand())?.slug ?? me.brands[0]?.slug;
    // Sent back by a platform that did not allow access.
    if (slug && hash.startsWith("connect="))
      throw redirect({ to: "/b/$brand/integrations", params: { brand: slug }, hash, replace: true });
    if (slug) throw redirect({ to: "/b/$brand", params: { brand: slug }, replace: true });
    if (me.second_factor.required && !me.second_factor.enrolled && !me.second_factor.passed)
      throw redirect({ to: "/settings/profile", replace: true });
    const manages = me.user.permissions.includes("manage");
    throw redirect({ to: manages ? "/settings/brand" : "/settings/appearance", replace: true });
  },
});

const dashboardRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/b/$brand",
  validateSearch: strictSearch,
  loaderDeps: ({ search }) => apiParams(search),
  loader: ({ params, deps }) => {
    void queryClient.prefetchQuery(dashboardQuery(params.brand, deps));
  },
  component: lazyRouteComponent(() => import("./pages/dashboard/Dashboard"), "Dashboard"),
});

/** What the address says is read by the page itself: the sign-in must not pay for it. */
const customersRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/b/$brand/customers",
  validateSearch: (raw: Record<string, unknown>): CustomersSearch => raw,
  component: lazyRouteComponent(() => import("./pages/customers/Customers"), "Customers"),
});

const attributionRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/b/$brand/attribution",
  validateSearch: (raw: Record<string, unknown>): AttributionSearch => raw,
  component: lazyRouteComponent(() => import("./pages/attribution/Attribution"), "Attribution"),
});

const importRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/b/$brand/import",
  component: lazyRouteComponent(() => import("./pages/imports/Imports"), "Imports"),
});

const integrationsRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/b/$brand/integrations",
  validateSearch: ({ id, connect }: Record<string, unknown>): { id?: string; connect?: string } => ({
    ...(id ? { id: String(id) } : {}),
    ...(connect ? { connect: String(connect) } : {}),
  }),
  component: lazyRouteComponent(() => import("./pages/integrations/Integrations"), "Integrations"),
});

const profitRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/b/$brand/profit",
  validateSearch: (raw: Record<string, unknown>): MoneySearch => raw,
  component: lazyRouteComponent(() => import("./pages/money/Profit"), "Profit"),
});

const bridgeRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/b/$brand/bridge",
  validateSearch: (raw: Record<string, unknown>): MoneySearch => raw,
  component: lazyRouteComponent(() => import("./pages/money/Bridge"), "Bridge"),
});

const peopleRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/admin/users",
  component: lazyRouteComponent(() => import("./pages/settings/People"), "People"),
});

const keysRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/admin/keys",
  component: lazyRouteComponent(() => import("./pages/settings/Keys"), "Keys"),
});

const companyRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/admin/tenants",
  component: lazyRouteComponent(() => import("./pages/operate/Company"), "Company"),
});

const backupsRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/admin/backups",
  component: lazyRouteComponent(() => import("./pages/operate/Backups"), "Backups"),
});

const auditRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/admin/audit",
  validateSearch: auditSearch,
  component: lazyRouteComponent(() => import("./pages/operate/Audit"), "Audit"),
});

const profileRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/settings/profile",
  component: lazyRouteComponent(() => import("./pages/settings/Profile"), "Profile"),
});

const brandRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/settings/brand",
  component: lazyRouteComponent(() => import("./pages/settings/BrandPage"), "BrandPage"),
});

const appearanceRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/settings/appearance",
  component: lazyRouteComponent(() => import("./pages/settings/Appearance"), "Appearance"),
});

/** An unknown address still shows the shell, so that a way on is at hand. */
const restRoute = createRoute({ getParentRoute: () => shellRoute, path: "$", component: NotFound });

const routeTree = rootRoute.addChildren([
  loginRoute,
  setupRoute,
  joinRoute,
  resetRoute,
  shellRoute.addChildren([
    homeRoute,
    dashboardRoute,
    customersRoute,
    attributionRoute,
    importRoute,
    integrationsRoute,
    profitRoute,
    bridgeRoute,
    peopleRoute,
    keysRoute,
    companyRoute,
    backupsRoute,
    auditRoute,
    profileRoute,
    brandRoute,
    appearanceRoute,
    restRoute,
  ]),
]);

/** Plain query strings: `range=7d&f=channel:eq:meta&f=…`, readable and the same as the API's own. */
function parseSearch(text: string): Record<string, unknown> {
  const search: Record<string, unknown> = {};
  for (const [key, value] of new URLSearchParams(text)) {
    if (key === "f") search.f = [...((search.f as string[] | undefined) ?? []), value];
    else search[key] = value;
  }
  return search;
}

function stringifySearch(search: Record<string, unknown>): string {
  const params = new URLSearchParams();
  for (const [key, value] of Object.entries(search)) {
    for (const item of Array.isArray(value) ? value : [value]) {
      if (item !== undefined && item !== null) params.append(key, String(item));
    }
  }
  const text = params.toString().replaceAll("%3A", ":").replaceAll("%2F", "/");
  return text ? `?${text}` : "";
}

export const router = createRouter({
  routeTree,
  parseSearch,
  stringifySearch,
  defaultPreload: "intent",
  defaultPendingMs: 150,
  scrollRestoration: true,
  context: {},
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
