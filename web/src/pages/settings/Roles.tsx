/** Which role may do what, for whoever chooses one. The server decides; a test compares. */
import { Check, ChevronRight } from "lucide-react";
import type { Permission, Role } from "../../api/types";
import { t } from "../../messages/en";
import { type Column, DataTable } from "../../ui/DataTable";

const ALL = Object.keys(t.people.rights) as Permission[];
const MAY: Record<Role, Permission[]> = {
  owner: ALL,
  admin: ALL,
  marketer: ["view", "ask", "act", "connect"],
  analyst: ["view", "ask", "act"],
  viewer: ["view"],
  operator: ["view", "operate"],
};

interface Line {
  role: Role;
  may: Permission[];
}

const COLUMNS: Column<Line>[] = [
  {
    id: "role",
    header: t.people.role,
    left: true,
    cell: ({ role }) => <span className="font-medium">{t.people.roles[role]}</span>,
  },
  ...ALL.map((right) => ({
    id: right,
    header: t.people.rights[right],
    title: t.apiKeys.names[right],
    left: true,
    cell: ({ may }: Line) =>
      may.includes(right) ? (
        <>
          <Check className="size-4 text-good" aria-hidden="true" />
          <span className="sr-only">{t.people.yes}</span>
        </>
      ) : (
        <span className="sr-only">{t.people.no}</span>
      ),
  })),
];

export function Roles() {
  const lines = (Object.keys(MAY) as Role[]).map((role) => ({ role, may: MAY[role] }));
  return (
    <details className="card group/roles overflow-hidden">
      <summary className="tap flex list-none items-center gap-2 px-4 py-3.5 text-sm font-medium sm:px-5">
        <ChevronRight
          className="size-4 text-ink-mute transition-transform group-open/roles:rotate-90"
          aria-hidden="true"
        />
        {t.people.matrix}
      </summary>
      <DataTable id="roles" label={t.people.matrix} columns={COLUMNS} rows={lines} rowId={(line) => line.role} />
    </details>
  );
}
