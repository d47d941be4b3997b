import { ChartLine, Download, Ellipsis, Link2, Table2 } from "lucide-react";
import { t } from "../../messages/en";
import { IconButton } from "../../ui/Button";
import { copyText } from "../../ui/CopyButton";
import { Menu, type MenuEntry } from "../../ui/Menu";

const ICON = "size-4 text-ink-mute";

/** What can be done with a card: see it as a table, take it along, send it to somebody. */
export function CardMenu({
  title,
  asTable,
  onTable,
  onCsv,
}: {
  title: string;
  asTable?: boolean;
  onTable?: (on: boolean) => void;
  onCsv: () => void;
}) {
  const table: MenuEntry[] = onTable
    ? [
        {
          id: "table",
          label: asTable ? t.dashboard.asChart : t.dashboard.asTable,
          icon: asTable ? (
            <ChartLine className={ICON} aria-hidden="true" />
          ) : (
            <Table2 className={ICON} aria-hidden="true" />
          ),
          run: () => onTable(!asTable),
        },
      ]
    : [];
  return (
    <Menu
      trigger={
        <IconButton label={t.dashboard.actions(title)}>
          <Ellipsis className="size-4" aria-hidden="true" />
        </IconButton>
      }
      items={[
        ...table,
        { id: "csv", label: t.dashboard.csv, icon: <Download className={ICON} aria-hidden="true" />, run: onCsv },
        {
          id: "link",
          label: t.dashboard.link,
          icon: <Link2 className={ICON} aria-hidden="true" />,
          run: () => void copyText(window.location.href),
        },
      ]}
    />
  );
}
