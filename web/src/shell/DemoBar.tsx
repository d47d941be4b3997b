import { useMutation } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { useMay } from "../api/access";
import { api } from "../api/client";
import { asProblem } from "../api/problem";
import { queryClient } from "../api/queries";
import { t } from "../messages/en";
import { Confirm } from "../ui/Dialog";
import { toast } from "../ui/toast";
import { useBrand } from "./useBrand";

/** Says that the figures are invented, for as long as they are. */
export function DemoBar() {
  const brand = useBrand();
  const mayImport = useMay("connect");
  const mayRemove = useMay("manage");
  const [asking, setAsking] = useState(false);
  const remove = useMutation({
    mutationFn: () => api.DELETE("/api/brands/{brand}/demo", { params: { path: { brand: brand?.slug ?? "" } } }),
    onSuccess: async () => {
      setAsking(false);
      toast(t.demo.done);
      await queryClient.invalidateQueries();
    },
    onError: (error) => toast(asProblem(error).message, "bad"),
  });
  if (!brand?.demo) return null;
  return (
    <section
      aria-label={t.demo.text}
      data-testid="demo-bar"
      className="flex flex-wrap items-center justify-center gap-x-4 gap-y-0.5 border-b border-line bg-accent-soft px-4 py-1.5 text-xs text-ink-soft"
    >
      <span>{t.demo.text}</span>
      {mayImport && (
        <Link
          to="/b/$brand/import"
          params={{ brand: brand.slug }}
          className="tap inline-flex h-6 items-center font-medium text-accent-strong underline underline-offset-2"
        >
          {t.demo.import}
        </Link>
      )}
      {mayRemove && (
        <button
          type="button"
          onClick={() => setAsking(true)}
          className="tap inline-flex h-6 items-center font-medium text-accent-strong underline underline-offset-2"
        >
          {t.demo.remove}
        </button>
      )}
      <Confirm
        open={asking}
        onOpenChange={setAsking}
        title={t.demo.question}
        lead={t.demo.explain(brand.name)}
        action={t.demo.remove}
        busy={remove.isPending}
        onConfirm={() => remove.mutate()}
      />
    </section>
  );
}
