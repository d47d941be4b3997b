import { Menu as Base } from "@base-ui/react/menu";
import { Fragment, useEffect, useRef } from "react";
import type { MenuProps } from "../Menu";
import type { Wanted } from "./late";

const ITEM =
  "flex min-h-9 cursor-default items-center gap-2.5 rounded-md px-2.5 py-1.5 text-sm outline-none select-none data-highlighted:bg-sunken pointer-coarse:min-h-11";

/** The menu proper; fetched when the first one is wanted. */
export default function MenuPopup({ trigger, items, align = "end", byKey }: MenuProps & Wanted) {
  const popup = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!byKey) return;
    const frame = requestAnimationFrame(() => popup.current?.querySelector<HTMLElement>("[role=menuitem]")?.focus());
    return () => cancelAnimationFrame(frame);
  }, [byKey]);
  return (
    <Base.Root modal={false} defaultOpen>
      <Base.Trigger render={trigger} />
      <Base.Portal>
        <Base.Positioner sideOffset={6} align={align} collisionPadding={8} className="z-50 outline-none">
          <Base.Popup ref={popup} className="popup max-h-(--available-height) min-w-48 overflow-y-auto p-1">
            {items.map((item) => {
              if ("text" in item) {
                return (
                  <div key="text" className="px-2.5 py-1.5 text-xs text-ink-mute">
                    {item.text}
                  </div>
                );
              }
              return (
                <Fragment key={item.id}>
                  {item.apart && <Base.Separator className="my-1 h-px bg-line" />}
                  <Base.Item className={ITEM} onClick={item.run}>
                    {item.icon}
                    {item.label}
                  </Base.Item>
                </Fragment>
              );
            })}
          </Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  );
}
