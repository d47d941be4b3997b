import { Popover as Base } from "@base-ui/react/popover";
import { cx } from "../cx";
import type { PopoverProps } from "../Popover";

/** The small window proper; fetched when the first one is wanted. */
export default function PopoverPopup({
  trigger,
  title,
  children,
  open,
  onOpenChange,
  align = "end",
  className,
}: PopoverProps) {
  return (
    <Base.Root open={open} defaultOpen={open === undefined} onOpenChange={(next) => onOpenChange?.(next)}>
      <Base.Trigger render={trigger} />
      <Base.Portal>
        <Base.Positioner sideOffset={6} align={align} collisionPadding={8} className="z-50">
          <Base.Popup className={cx("popup max-w-[calc(100vw-1rem)]", className)}>
            <Base.Title className="sr-only">{title}</Base.Title>
            {children}
          </Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  );
}
