/** What the provider is called; null where there is none. */
export async function providerName(): Promise<string | null> {
  const response = await fetch("/api/auth/oidc", { credentials: "same-origin" }).catch(() => null);
  if (!response?.ok) return null;
  return ((await response.json()) as { name?: string | null }).name ?? null;
}
