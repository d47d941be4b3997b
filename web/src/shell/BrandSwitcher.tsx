import { useNavigate } from "@tanstack/react-router";
import { Check, ChevronsUpDown } from "lucide-react";
import { t } from "../messages/en";
import { buttonClass } from "../ui/Button";
import { Menu } from "../ui/Menu";
import { useBrand, useBrands } from "./useBrand";

export function BrandSwitcher() {
  const { data: brands, isPending, fetchStatus } = useBrands();
  const brand = useBrand();
  const navigate = useNavigate();
  if (isPending && fetchStatus !== "idle") return <div className="bone h-8 w-36" />;
  if (!brands?.length) return null;
  if (brands.length === 1) return <span className="truncate px-1 text-sm font-semibold">{brand?.name}</span>;
  return (
    <Menu
      align="start"
      trigger={
        <button
          type="button"
          aria-label={`${t.nav.brands}: ${brand?.name ?? ""}`}
          className={buttonClass("ghost", "max-w-[46vw] min-w-0 shrink px-2 font-semibold text-ink sm:max-w-72")}
        >
          <span className="truncate">{brand?.name ?? t.nav.brands}</span>
          <ChevronsUpDown className="size-3.5 shrink-0 text-ink-mute" aria-hidden="true" />
        </button>
      }
      items={[
        { text: t.nav.brands },
        ...brands.map((one) => ({
          id: one.id,
          icon: <Check className={one.id === brand?.id ? "size-4" : "size-4 opacity-0"} aria-hidden="true" />,
          label: (
            <>
              <span className="max-w-64 truncate">{one.name}</span>
              <span className="ml-auto pl-4 text-xs text-ink-mute">{one.currency}</span>
            </>
          ),
          run: () => void navigate({ to: "/b/$brand", params: { brand: one.slug } }),
        })),
      ]}
    />
  );
}
