/** Which channel an address would count in, by the rules as they stand on the page: the server says, by the code that counts visits. */
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { api, body } from "../../api/client";
import { asProblem } from "../../api/problem";
import type { Brand, ChannelRule, ChannelTried } from "../../api/types";
import { channels as words } from "../../messages/sites";
import { Button } from "../../ui/Button";
import { TextField } from "../../ui/Field";
import { channelName } from "./RuleList";
import { CONDITIONS } from "./rules";

interface Props {
  brand: Brand;
  rules: ChannelRule[];
  otherwise: string;
  told: ChannelTried | null;
  onTold: (told: ChannelTried | null) => void;
}

export function TryAddress({ brand, rules, otherwise, told, onTold }: Props) {
  const [address, setAddress] = useState("");
  const [referrer, setReferrer] = useState("");
  const ask = useMutation({
    mutationFn: () =>
      body(
        api.POST("/api/brands/{brand}/channels/try", {
          params: { path: { brand: brand.slug } },
          body: { address, referrer, rules, otherwise },
        }),
      ),
    onSuccess: onTold,
    onError: () => onTold(null),
  });
  const problem = ask.isError ? asProblem(ask.error) : null;
  const at = (field: string) => (problem?.field === field ? problem.message : undefined);
  return (
    <form
      noValidate
      className="flex flex-col gap-3 rounded-lg bg-sunken p-3 sm:p-4"
      onSubmit={(event) => {
        event.preventDefault();
        ask.mutate();
      }}
    >
      <h3 className="text-sm font-medium">{words.tryTitle}</h3>
      <div className="grid items-start gap-3 sm:grid-cols-[3fr_2fr_auto]">
        <TextField
          label={words.address}
          inputMode="url"
          autoComplete="off"
          autoCapitalize="none"
          spellCheck={false}
          placeholder="https://shop.example/?utm_source=…"
          value={address}
          error={at("address")}
          onChange={(event) => setAddress(event.target.value)}
        />
        <TextField
          label={words.pageBefore}
          inputMode="url"
          autoComplete="off"
          autoCapitalize="none"
          spellCheck={false}
          placeholder="https://www.google.com/"
          value={referrer}
          error={at("referrer")}
          onChange={(event) => setReferrer(event.target.value)}
        />
        <Button type="submit" className="sm:mt-6.5" disabled={ask.isPending}>
          {words.tryIt}
        </Button>
      </div>
      {problem && !at("address") && !at("referrer") && (
        <p role="alert" className="text-sm text-danger">
          {problem.message}
        </p>
      )}
      <div role="status" className="empty:hidden" data-testid="tried">
        {told && <Told told={told} />}
      </div>
    </form>
  );
}

function Told({ told }: { told: ChannelTried }) {
  const why =
    told.by === "rule"
      ? words.byRule((told.rule ?? 0) + 1)
      : told.by === "direct"
        ? words.byNothing
        : words.byOtherwise;
  const read = CONDITIONS.filter((name) => told[name]);
  return (
    <div className="flex flex-col gap-1.5">
      <p className="text-sm">
        <strong className="font-semibold">{channelName(told.channel)}</strong>
        <span className="text-ink-soft"> · {why}</span>
      </p>
      {read.length > 0 && (
        <dl className="flex flex-wrap gap-x-4 gap-y-1 text-xs">
          {read.map((name) => (
            <div key={name} className="flex min-w-0 gap-1.5">
              <dt className="text-ink-mute">{words.conditions[name]}</dt>
              <dd className="min-w-0 truncate font-mono text-ink">{told[name]}</dd>
            </div>
          ))}
        </dl>
      )}
    </div>
  );
}
