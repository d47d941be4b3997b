import { useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { brandsQuery, meQuery } from "../api/queries";
import type { Brand } from "../api/types";
import { lastBrand } from "../ui/preferences";

/** The brand of the address, else the one looked at last, else the first; undefined while unknown. */
export function useBrandSlug(): string | undefined {
  const { brand } = useParams({ strict: false });
  const me = useQuery(meQuery).data;
  if (brand) return brand;
  return me?.brands.find((one) => one.slug === lastBrand())?.slug ?? me?.brands[0]?.slug;
}

export function useBrand(): Brand | undefined {
  const slug = useBrandSlug();
  return useQuery(brandsQuery).data?.find((brand) => brand.slug === slug || brand.id === slug);
}
