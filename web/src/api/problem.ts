import type { ProblemBody } from "./types";

/** A request that did not succeed, with what a person can do something with. */
export class Problem extends Error {
  /** HTTP status; 0 when no answer came at all. */
  readonly status: number;
  readonly code: string;
  readonly requestId: string | null;
  /** The input at fault, where the server names one. */
  readonly field: string | null;
  /** Seconds after which asking again makes sense, from `Retry-After`. */
  readonly retryAfter: number | null;

  constructor(status: number, body: ProblemBody, headers?: Headers) {
    super(body.detail || body.title || "The server did not answer.");
    this.name = "Problem";
    this.status = status;
    this.code = body.code ?? (status === 0 ? "unreachable" : `http_${status}`);
    this.requestId = body.request_id ?? headers?.get("x-request-id") ?? null;
    this.field = body.field ?? null;
    const wait = Number(headers?.get("retry-after"));
    this.retryAfter = status === 429 || status === 503 ? (Number.isFinite(wait) && wait > 0 ? wait : 5) : null;
  }
}

/** Reads the problem out of a failed response, whatever its body is. */
export async function problemOf(response: Response): Promise<Problem> {
  let body: ProblemBody = { title: response.statusText };
  try {
    body = (await response.json()) as ProblemBody;
  } catch {
    // A proxy's HTML page, or nothing: the status line has to do.
  }
  return new Problem(response.status, body, response.headers);
}

/** Turns anything thrown into a Problem. */
export function asProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  return new Problem(0, { title: "Pulsepoint did not answer. Check the connection and that it is running." });
}
