import { type ReactNode, useEffect, useRef } from "react";
import { t } from "../messages/en";
import { announce } from "./announce";
import { cx } from "./cx";

let firstPage = true;

/** A page's heading and frame: names the document, takes the focus when one arrives from another page, says its name. */
export function Page({
  title,
  scope,
  lead,
  actions,
  wide,
  children,
}: {
  title: string;
  /** The brand, where the page is about one. */
  scope?: string | null;
  lead?: ReactNode;
  actions?: ReactNode;
  wide?: boolean;
  children: ReactNode;
}) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = [title, scope, t.app].filter(Boolean).join(" · ");
  }, [title, scope]);
  useEffect(() => {
    if (!firstPage) {
      heading.current?.focus({ preventScroll: true });
      announce(title);
    }
    firstPage = false;
  }, [title]);
  return (
    <div className={cx("flex flex-col gap-5", wide ? "" : "mx-auto w-full max-w-4xl")}>
      <div className="flex flex-wrap items-start justify-between gap-x-4 gap-y-3">
        <div className="min-w-0 flex-[1_1_20rem]">
          <h1 ref={heading} tabIndex={-1} className="text-xl font-semibold tracking-tight">
            {title}
          </h1>
          {lead && <p className="mt-1 max-w-[70ch] text-sm text-ink-mute">{lead}</p>}
        </div>
        {actions}
      </div>
      {children}
    </div>
  );
}
