import { useQuery } from "@tanstack/react-query";
import { meQuery } from "./queries";
import type { Permission } from "./types";

/** Whether the person signed in has a permission; false until it is known. */
export function useMay(permission: Permission): boolean {
  return useQuery(meQuery).data?.user.permissions.includes(permission) ?? false;
}
