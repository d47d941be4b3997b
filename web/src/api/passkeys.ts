/**
 * Passkeys through the browser. There are none on plain http outside of localhost, where `navigator.credentials` is missing or
 * refuses; everything here says so instead of failing. The JSON forms are made by hand: not every browser has `toJSON` yet.
 */
import { send } from "./session";

/** What the server asks of the browser: the options in their JSON form. */
export interface Asked {
  ceremony: string;
  options: Record<string, unknown>;
}

interface Descriptor {
  id: string;
  type: "public-key";
  transports?: AuthenticatorTransport[];
}

/** Whether this browser has passkeys at this address: they are for pages of one host. */
export function hasPasskeys(host: string | null | undefined): boolean {
  return host === window.location.hostname && supported();
}

function supported(): boolean {
  return Boolean(window.isSecureContext && window.PublicKeyCredential && navigator.credentials);
}

/** Whether one can sign in with a passkey here and now. */
export async function canSignIn(): Promise<boolean> {
  if (!supported()) return false;
  const response = await fetch("/api/auth/passkeys/login", { credentials: "same-origin" }).catch(() => null);
  return response?.ok ? hasPasskeys(((await response.json()) as { host: string | null }).host) : false;
}

/** What the person's device gives for a sign-in; null where they changed their mind. Throws a Problem. */
export async function showPasskey(): Promise<{ ceremony: string; credential: object } | null> {
  const { ceremony, options } = await send<Asked>("/api/auth/passkeys/login", {});
  const publicKey = {
    ...options,
    challenge: bytes(options.challenge as string),
    allowCredentials: (options.allowCredentials as Descriptor[] | undefined)?.map(descriptor),
  } as PublicKeyCredentialRequestOptions;
  const credential = await given(() => navigator.credentials.get({ publicKey }));
  if (!credential) return null;
  const response = credential.response as AuthenticatorAssertionResponse;
  return {
    ceremony,
    credential: {
      ...inCommon(credential),
      response: {
        authenticatorData: text(response.authenticatorData),
        clientDataJSON: text(response.clientDataJSON),
        signature: text(response.signature),
        userHandle: response.userHandle && text(response.userHandle),
      },
    },
  };
}

/** What the person's device gives for a new passkey; null where they changed their mind. */
export async function makePasskey(options: Record<string, unknown>): Promise<Record<string, unknown> | null> {
  const user = options.user as Record<string, string>;
  const publicKey = {
    ...options,
    challenge: bytes(options.challenge as string),
    user: { ...user, id: bytes(user.id ?? "") },
    excludeCredentials: (options.excludeCredentials as Descriptor[] | undefined)?.map(descriptor),
  } as unknown as PublicKeyCredentialCreationOptions;
  const credential = await given(() => navigator.credentials.create({ publicKey }));
  if (!credential) return null;
  const response = credential.response as AuthenticatorAttestationResponse;
  return {
    ...inCommon(credential),
    response: {
      attestationObject: text(response.attestationObject),
      clientDataJSON: text(response.clientDataJSON),
      transports: response.getTransports?.() ?? [],
    },
  };
}

/** Browsers throw where a person says no, waits too long, or the device is set up already; only the last is worth a word. */
async function given(ask: () => Promise<Credential | null>): Promise<PublicKeyCredential | null> {
  try {
    return (await ask()) as PublicKeyCredential | null;
  } catch (error) {
    if (error instanceof DOMException && error.name === "InvalidStateError") throw error;
    return null;
  }
}

function inCommon(credential: PublicKeyCredential) {
  return { id: credential.id, rawId: text(credential.rawId), type: credential.type, clientExtensionResults: {} };
}

function descriptor(one: Descriptor): PublicKeyCredentialDescriptor {
  return { ...one, id: bytes(one.id) };
}

/** Base64url without padding, both ways. */
export function bytes(encoded: string): Uint8Array<ArrayBuffer> {
  const plain = atob(encoded.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(plain, (letter) => letter.charCodeAt(0));
}

export function text(buffer: ArrayBuffer): string {
  const plain = Array.from(new Uint8Array(buffer), (byte) => String.fromCharCode(byte)).join("");
  return btoa(plain).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}
