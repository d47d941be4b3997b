import { useMutation, useQueryClient } from "@tanstack/react-query";
import { act, type Integration, type Step } from "../../api/integrations";
import { asProblem } from "../../api/problem";
import { integrations } from "../../messages/integrations";
import { toast } from "../../ui/toast";
import { nameOf } from "./looks";

/** What can be done to an integration with one press. */
export function useSteps(one: Integration): { busy: boolean; take: (step: Step) => void } {
  const client = useQueryClient();
  const words = { sync: integrations.begun, pause: integrations.paused, resume: integrations.resumed };
  const step = useMutation({
    mutationFn: (step: Step) => act(one.id, step),
    onSuccess: (_, step) => toast(words[step](nameOf(one))),
    onError: (error) => toast(asProblem(error).message, "bad"),
    onSettled: () => client.invalidateQueries({ queryKey: ["integrations"] }),
  });
  return { busy: step.isPending, take: step.mutate };
}
