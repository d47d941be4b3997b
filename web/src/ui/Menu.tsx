import type { MouseEvent, ReactElement, ReactNode } from "react";
import { late, useLate } from "./late/late";

export type MenuEntry =
  | { id: string; label: ReactNode; icon?: ReactNode; apart?: boolean; run: () => void }
  | { text: ReactNode };

export interface MenuProps {
  trigger: ReactElement<LateTriggerProps>;
  items: MenuEntry[];
  align?: "start" | "end";
}

export interface LateTriggerProps {
  "aria-haspopup"?: "menu" | "dialog";
  "aria-expanded"?: boolean;
  onClick?: (event: MouseEvent) => void;
  onPointerEnter?: () => void;
  onFocus?: () => void;
}

const MenuPopup = late<MenuProps>(() => import("./late/MenuPopup"));

/** A button that opens a list of commands. */
export function Menu(props: MenuProps) {
  return useLate(MenuPopup, props, props.trigger, "menu");
}
