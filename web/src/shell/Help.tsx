import type { ReactNode } from "react";
import { t } from "../messages/en";
import { Dialog } from "../ui/Dialog";
import { useSingleKeys } from "../ui/preferences";
import { PLACES } from "./places";

function Keys({ children }: { children: string }) {
  return (
    <span className="flex shrink-0 gap-1">
      {children.split(" ").map((key) => (
        <kbd
          key={key}
          className="min-w-6 rounded border border-line bg-sunken px-1.5 text-center font-sans text-xs leading-5 text-ink-soft"
        >
          {key}
        </kbd>
      ))}
    </span>
  );
}

function Group({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className="mb-4">
      <h3 className="mb-1.5 text-xs font-medium text-ink-mute">{title}</h3>
      <dl className="flex flex-col gap-1.5">{children}</dl>
    </section>
  );
}

function Line({ name, keys }: { name: string; keys: string }) {
  return (
    <div className="flex items-center justify-between gap-4">
      <dt>{name}</dt>
      <dd>
        <Keys>{keys}</Keys>
      </dd>
    </div>
  );
}

export function Help({ open, onOpenChange }: { open: boolean; onOpenChange: (open: boolean) => void }) {
  const single = useSingleKeys();
  const names = t.range.names;
  return (
    <Dialog open={open} onOpenChange={onOpenChange} title={t.keys.title} lead={single ? undefined : t.keys.off}>
      <Group title={t.keys.groups.other}>
        <Line name={t.keys.palette} keys="Ctrl K" />
        <Line name={t.keys.focus} keys="/" />
        <Line name={t.keys.help} keys="?" />
        <Line name={t.keys.escape} keys="Esc" />
      </Group>
      <Group title={t.keys.groups.range}>
        <Line name={names.today} keys="T" />
        <Line name={names["7d"]} keys="W" />
        <Line name={names.mtd} keys="M" />
        <Line name={names.ytd} keys="Y" />
        <Line name={names.custom} keys="C" />
        <Line name={t.keys.compare} keys="X" />
        <Line name={t.keys.earlier} keys="←" />
        <Line name={t.keys.later} keys="→" />
      </Group>
      <Group title={t.keys.groups.go}>
        {PLACES.map((place) => (
          <Line key={place.id} name={place.label} keys={`G ${place.key.toUpperCase()}`} />
        ))}
      </Group>
    </Dialog>
  );
}
