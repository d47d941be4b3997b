import { Link } from "@tanstack/react-router";
import { t } from "../messages/en";
import { buttonClass } from "../ui/Button";
import { Page } from "../ui/Page";

export function NotFound() {
  return (
    <Page title={t.states.notFound} lead={t.states.notFoundText}>
      <Link to="/" className={buttonClass("primary", "self-start")}>
        {t.states.home}
      </Link>
    </Page>
  );
}
