import { Dialog as Base } from "@base-ui/react/dialog";
import { X } from "lucide-react";
import { t } from "../../messages/en";
import { IconButton } from "../Button";
import { cx } from "../cx";
import type { DialogProps } from "../Dialog";

const WINDOW = "sm:top-[12dvh] sm:left-1/2 sm:-translate-x-1/2";
const SHEET = "inset-x-0 bottom-0 max-h-[90dvh] rounded-b-none p-5 pb-[max(1.25rem,env(safe-area-inset-bottom))]";
const SHAPES = {
  bare: `${WINDOW} inset-x-3 top-3 flex max-h-[70dvh] flex-col sm:inset-x-auto sm:w-[34rem]`,
  window: `${WINDOW} ${SHEET} sm:inset-x-auto sm:bottom-auto sm:max-h-[80dvh] sm:w-[28rem] sm:rounded-xl`,
  drawer: `${SHEET} sm:inset-y-0 sm:left-auto sm:max-h-none sm:w-[28rem] sm:rounded-l-xl sm:rounded-r-none`,
};

/** The modal window proper; fetched when the first one is wanted. */
export default function DialogPopup({
  open,
  onOpenChange,
  title,
  lead,
  children,
  bare,
  drawer,
  initialFocus,
}: DialogProps) {
  return (
    <Base.Root open={open} onOpenChange={(next) => onOpenChange(next)}>
      <Base.Portal>
        <Base.Backdrop className="veil z-40" />
        <Base.Popup
          initialFocus={initialFocus}
          className={cx("popup fixed z-50 overflow-y-auto", SHAPES[bare ? "bare" : drawer ? "drawer" : "window"])}
        >
          {bare ? (
            <Base.Title className="sr-only">{title}</Base.Title>
          ) : (
            <div className="mb-4 flex items-start justify-between gap-4">
              <div>
                <Base.Title className="text-base font-semibold">{title}</Base.Title>
                {lead && <Base.Description className="mt-1 text-sm text-ink-soft">{lead}</Base.Description>}
              </div>
              <Base.Close render={<IconButton label={t.close} className="-mt-1 -mr-1" />}>
                <X className="size-4" aria-hidden="true" />
              </Base.Close>
            </div>
          )}
          {children}
        </Base.Popup>
      </Base.Portal>
    </Base.Root>
  );
}
