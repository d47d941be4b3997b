import type { ReactElement, ReactNode } from "react";
import { late, useLate } from "./late/late";
import type { LateTriggerProps } from "./Menu";

export interface PopoverProps {
  trigger: ReactElement<LateTriggerProps>;
  title: string;
  children: ReactNode;
  open?: boolean;
  onOpenChange?: (open: boolean) => void;
  align?: "start" | "center" | "end";
  className?: string;
}

const PopoverPopup = late<PopoverProps>(() => import("./late/PopoverPopup"));

/** A small window beside its button. */
export function Popover(props: PopoverProps) {
  const { open, onOpenChange, trigger } = props;
  return useLate(PopoverPopup, props, trigger, "dialog", open === true, onOpenChange && (() => onOpenChange(true)));
}
