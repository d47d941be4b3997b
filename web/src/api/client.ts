/** The API as the generated types know it. What goes wrong is thrown as a {@link Problem}, so `data` is always there. */
import createClient from "openapi-fetch";
import { asProblem, Problem, problemOf } from "./problem";
import type { paths } from "./schema";
import { currentSession, ensureSession, refresh } from "./session";

let onLost: () => void = () => undefined;

/** Called once the server has said that nobody is signed in any more. */
export function whenSessionIsLost(callback: () => void): void {
  onLost = callback;
}

/** `fetch` with the bearer token; a 401 is answered by one refresh and one more try. */
export async function authorisedFetch(request: Request): Promise<Response> {
  await ensureSession();
  const again = request.clone();
  const first = await fetch(withToken(request));
  if (first.status !== 401) return first;
  if (!(await refresh())) {
    onLost();
    return first;
  }
  const second = await fetch(withToken(again));
  if (second.status === 401) onLost();
  return second;
}

function withToken(request: Request): Request {
  const token = currentSession()?.access_token;
  if (token) request.headers.set("Authorization", `Bearer ${token}`);
  return request;
}

/** A successful answer, or a Problem; an abandoned request stays what it is. */
async function fetchOrThrow(request: Request): Promise<Response> {
  let response: Response;
  try {
    response = await authorisedFetch(request);
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw asProblem(error);
  }
  if (!response.ok) throw await problemOf(response);
  return response;
}

export const api = createClient<paths>({ baseUrl: window.location.origin, fetch: fetchOrThrow });

/** The body of a call that has succeeded, for a failed one never gets here. */
export async function body<T>(call: Promise<{ data?: T }>): Promise<T> {
  return (await call).data as T;
}

/** Brings a file behind the bearer token and hands it to the browser's download. */
export async function download(path: string, fileName: string): Promise<void> {
  const response = await fetchOrThrow(new Request(new URL(path, window.location.origin)));
  save(await response.blob(), fileName);
}

/** Offers `blob` to the person as a file. */
export function save(blob: Blob, fileName: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = fileName;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

/** Sends one multipart form and reports the bytes on their way; only XMLHttpRequest can tell those. */
export async function upload(path: string, form: FormData, onProgress: (share: number) => void): Promise<void> {
  const session = await ensureSession();
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", path);
    request.responseType = "text";
    if (session) request.setRequestHeader("Authorization", `Bearer ${session.access_token}`);
    request.upload.onprogress = (event) => event.lengthComputable && onProgress(event.loaded / event.total);
    request.onerror = () => reject(asProblem(null));
    request.onload = () => {
      if (request.status < 300) return resolve();
      let problem = {};
      try {
        problem = JSON.parse(request.responseText) as object;
      } catch {
        // The status decides; a body that is no JSON says nothing more.
      }
      reject(new Problem(request.status, problem));
    };
    request.send(form);
  });
}
