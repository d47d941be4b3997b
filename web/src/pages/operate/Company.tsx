/** One's own tenant, as far as a role of it may know: what is across tenants is the command line's. */
import { useQuery } from "@tanstack/react-query";
import { useMay } from "../../api/access";
import { asProblem } from "../../api/problem";
import { meQuery, peopleQuery } from "../../api/queries";
import { backupsQuery } from "../../api/records";
import type { Me, Person } from "../../api/types";
import { instantLabel } from "../../format/date";
import { formatBytes } from "../../format/number";
import { company } from "../../messages/operate";
import { Card } from "../../ui/Card";
import { CommandLine } from "../../ui/CommandLine";
import { CopyButton } from "../../ui/CopyButton";
import { Fact, Facts } from "../../ui/Fact";
import { Page } from "../../ui/Page";
import { Failed, Forbidden, LoadingRows } from "../../ui/States";

export function Company() {
  const me = useQuery(meQuery).data;
  const allowed = useMay("manage");
  const people = useQuery({ ...peopleQuery, enabled: allowed });
  return (
    <Page title={company.title} scope={me?.tenant.name} lead={company.lead}>
      {(!allowed || !people.data) && (
        <div className="card">
          {me && !allowed && <Forbidden need="manage" />}
          {allowed && people.isPending && <LoadingRows />}
          {people.isError && <Failed problem={asProblem(people.error)} onRetry={() => void people.refetch()} />}
        </div>
      )}
      {me && allowed && people.data && <Own me={me} people={people.data} />}
      {me && allowed && people.data && <OnTheMachine slug={me.tenant.slug} />}
    </Page>
  );
}

function Own({ me: { tenant, brands }, people }: { me: Me; people: Person[] }) {
  const operates = useMay("operate");
  const newest = useQuery({ ...backupsQuery, enabled: operates }).data?.backups[0];
  const last = people
    .flatMap((person) => person.last_login_at ?? [])
    .sort()
    .at(-1);
  return (
    <>
      <Card title={tenant.name} lead={company.slug(tenant.slug)} testId="company">
        <p className="flex min-w-0 items-center gap-1 px-4 pb-4 text-xs text-ink-mute sm:px-5">
          <span>{company.id}</span>
          <code className="min-w-0 truncate font-mono">{tenant.id}</code>
          <CopyButton text={tenant.id} label={company.copyId} />
        </p>
      </Card>
      <Facts>
        <Fact name={company.people} value={String(people.length)}>
          {company.mayIn(people.filter((person) => person.state === "active").length)}
        </Fact>
        <Fact name={company.brands} value={String(brands.length)}>
          {brands.map((brand) => brand.name).join(", ") || company.noBrands}
        </Fact>
        <Fact name={company.last} value={last ? instantLabel(last) : company.never}>
          {operates && `${company.size}: ${newest ? formatBytes(newest.bytes) : company.sizeNone}`}
        </Fact>
      </Facts>
    </>
  );
}

function OnTheMachine({ slug }: { slug: string }) {
  const commands = {
    export: `pulsepoint tenant export ${slug} --to ${slug}.tar`,
    suspend: `pulsepoint tenant suspend ${slug}`,
    resume: `pulsepoint tenant resume ${slug}`,
    delete: `pulsepoint tenant delete ${slug}`,
    restore: `pulsepoint tenant restore ${slug}`,
  };
  return (
    <Card title={company.machine} lead={company.machineLead}>
      <ul className="flex flex-col gap-4 px-4 pt-1 pb-5 sm:px-5">
        {(["export", "suspend", "resume", "delete", "restore"] as const).map((step) => (
          <li key={step}>
            <p className="mb-1 text-sm">{company.steps[step]}</p>
            <CommandLine command={commands[step]} label={company.steps[step]} />
          </li>
        ))}
      </ul>
    </Card>
  );
}
