import { asProblem, Problem, problemOf } from "./problem";
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

type Query = Record<string, string | string[] | undefined>;

interface Options {
  query?: Query;
  body?: unknown;
  signal?: AbortSignal;
}

function address(path: string, query: Query = {}): string {
  const params = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) {
    for (const item of Array.isArray(value) ? value : [value]) if (item !== undefined) params.append(key, item);
  }
  const text = params.toString();
  return new URL(text ? `${path}?${text}` : path, window.location.origin).href;
}

async function answer(method: string, path: string, options: Options = {}): Promise<Response> {
  const request = new Request(address(path, options.query), {
    method,
    signal: options.signal,
    credentials: "same-origin",
    headers: options.body === undefined ? {} : { "Content-Type": "application/json" },
    body: options.body === undefined ? undefined : JSON.stringify(options.body),
  });
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

/** One JSON call; throws a {@link Problem} for every answer that is not a success. */
export async function call<T>(method: string, path: string, options?: Options): Promise<T> {
  const response = await answer(method, path, options);
  return (response.status === 204 ? undefined : await response.json()) as T;
}

/** Brings a file behind the bearer token and hands it to the browser's download. */
export async function download(path: string, fileName: string): Promise<void> {
  save(await (await answer("GET", path)).blob(), fileName);
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
export async function upload<T>(path: string, form: FormData, onProgress: (share: number) => void): Promise<T> {
  const session = await ensureSession();
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", path);
    request.responseType = "text";
    if (session) request.setRequestHeader("Authorization", `Bearer ${session.access_token}`);
    request.upload.onprogress = (event) => event.lengthComputable && onProgress(event.loaded / event.total);
    request.onerror = () => reject(asProblem(null));
    request.onload = () => {
      let body: unknown = {};
      try {
        body = JSON.parse(request.responseText);
      } catch {
        // The status decides; a body that is no JSON says nothing more.
      }
      if (request.status < 300) resolve(body as T);
      else reject(new Problem(request.status, body as object));
    };
    request.send(form);
  });
}
