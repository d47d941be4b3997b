import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useMay } from "../../api/access";
import { type Integration, sourcesQuery } from "../../api/integrations";
import { integrations } from "../../messages/integrations";
import { buttonClass } from "../../ui/Button";
import { Notice } from "../../ui/Notice";
import { SOURCES } from "./looks";
import { OpenSource, SourceCard } from "./SourceCard";

/** A card a connection, and one for each source that has none. */
export function Overview({ all, brand, offline }: { all: Integration[]; brand: string; offline: string | null }) {
  const may = useMay("connect");
  const sources = useQuery({ ...sourcesQuery, enabled: may }).data;
  return (
    <>
      {offline && (
        <Notice tone="warn" title={integrations.states.needs_internet} testId="needs-internet">
          <p>{offline}</p>
        </Notice>
      )}
      <div data-testid={all.length === 0 ? "state-empty" : undefined} className="grid gap-3 sm:gap-4 md:grid-cols-2">
        {SOURCES.flatMap((source) => {
          const mine = all.filter((one) => one.source === source);
          if (mine.length === 0)
            return [
              <OpenSource
                key={source}
                source={source}
                about={sources?.find((one) => one.source === source)?.about}
                brand={brand}
                offline={offline !== null}
              />,
            ];
          return mine.map((one) => <SourceCard key={one.id} one={one} brand={brand} />);
        })}
      </div>
      {may && (
        <div className="card flex flex-wrap items-center justify-between gap-3 px-4 py-3.5 sm:px-5">
          <div className="min-w-0 flex-[1_1_18rem]">
            <h2 className="text-sm font-semibold">{integrations.files}</h2>
            <p className="text-xs text-ink-mute">{integrations.filesText}</p>
          </div>
          <Link to="/b/$brand/import" params={{ brand }} className={buttonClass()}>
            {integrations.toImport}
          </Link>
        </div>
      )}
    </>
  );
}
