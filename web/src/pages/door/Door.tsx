import type { ReactNode } from "react";
import { Logo } from "../../ui/Logo";

/** The frame of the pages before the sign-in. */
export function Door({ children }: { children: ReactNode }) {
  return (
    <div className="flex min-h-dvh flex-col items-center px-4 pt-[12dvh] pb-12">
      <header className="mb-6 flex items-center gap-2.5">
        <Logo className="size-8" />
        <span className="text-lg font-semibold tracking-tight">Pulsepoint</span>
      </header>
      <main className="card w-full max-w-[26rem] p-6 sm:p-7">{children}</main>
    </div>
  );
}
