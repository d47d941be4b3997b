import { useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { useMay } from "../api/access";
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

/** All brands; those who may not see figures have none. */
export function useBrands() {
  return useQuery({ ...brandsQuery, enabled: useMay("view") });
}

export function useBrand(): Brand | undefined {
  const slug = useBrandSlug();
  return useBrands().data?.find((brand) => brand.slug === slug || brand.id === slug);
}
