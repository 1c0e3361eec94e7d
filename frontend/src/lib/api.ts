/** The API: typed replies, bytes, jobs and their events. Errors carry the one line that the server gave. */

import type { components } from "../api";

type Schemas = components["schemas"];
export type War = Required<Schemas["War"]>;
export type WarMap = Schemas["Map"];
export type Place = Schemas["Place"];
export type Sector = Schemas["Sector"];
export type Line = Schemas["Line"];
export type Futures = Schemas["Futures"];
export type Fan = Schemas["Fan"];
export type Curve = Schemas["Curve"];
export type Runs = Schemas["Runs"];
export type Run = Schemas["Run"];
export type Happening = Schemas["Happening"];
export type Deal = Schemas["Deal"];
export type Levers = Schemas["Levers"];
export type Lever = Schemas["Lever"];
export type Evidence = Schemas["Evidence"];
export type Origin = Schemas["Origin"];
export type Said = Schemas["Said"];
export type Score = Schemas["Score"];
export type Job = Required<Schemas["Job"]>;
export type Files = Schemas["Files"];
export type Ask =
  | { kind: "replay"; run: number }
  | { kind: "whatif"; title?: string; do: string[]; given?: string[]; runs?: number; weeks?: number; seed?: number; surprise?: boolean }
  | { kind: "zone"; do?: string[]; runs?: number; top?: number }
  | { kind: "terms"; package: string }
  | { kind: "influence"; source: string; runs?: number }
  | { kind: "article"; text: string; published?: string | null };

/** What the server refused, in its own words. */
export class Problem extends Error {
  constructor(
    message: string,
    readonly status: number,
  ) {
    super(message);
  }
}

export const url = (path: string): string => `/api/${path}`;

/** A reply as it came; anything but success becomes a Problem. */
async function ask(path: string, how?: RequestInit): Promise<Response> {
  let reply: Response;
  try {
    reply = await fetch(url(path), how);
  } catch (reason) {
    if (reason instanceof DOMException && reason.name === "AbortError") throw reason;
    throw new Problem("The server does not answer. Is `ceasefire serve` still running? Start it again and reload this page.", 0);
  }
  if (!reply.ok) throw new Problem(await told(reply), reply.status);
  return reply;
}

/** The one line that the server gives as its reason. */
async function told(reply: Response): Promise<string> {
  try {
    const body: unknown = await reply.json();
    if (body && typeof body === "object") {
      if ("error" in body && typeof body.error === "string") return body.error;
      if ("detail" in body) return typeof body.detail === "string" ? body.detail : JSON.stringify(body.detail);
    }
  } catch {
    // No JSON: the status has to do.
  }
  return `The server answered ${reply.status} ${reply.statusText}.`;
}

export async function json<T>(path: string, signal?: AbortSignal): Promise<T> {
  return (await ask(path, { signal })).json() as Promise<T>;
}

export async function text(path: string, signal?: AbortSignal): Promise<string> {
  return (await ask(path, { signal })).text();
}

export async function bytes(path: string, signal?: AbortSignal): Promise<ArrayBuffer> {
  return (await ask(path, { signal })).arrayBuffer();
}

const kept = new Map<string, Promise<unknown>>();

/** Ask once for what does not change while the server runs; a failure is not kept. */
export function once<T>(path: string): Promise<T> {
  return remembered(path, () => json<T>(path));
}

/** The same for bytes. */
export function onceBytes(path: string): Promise<ArrayBuffer> {
  return remembered(path, () => bytes(path));
}

function remembered<T>(key: string, get: () => Promise<T>): Promise<T> {
  let promise = kept.get(key) as Promise<T> | undefined;
  if (!promise) {
    promise = get();
    kept.set(key, promise);
    promise.catch(() => kept.delete(key));
  }
  return promise;
}

/** Forget a reply, so that it is asked for again. */
export const forget = (path: string): boolean => kept.delete(path);

export async function start(request: Ask): Promise<Job> {
  const how = { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(request) };
  return (await ask("jobs", how)).json() as Promise<Job>;
}

export const job = (id: string, signal?: AbortSignal): Promise<Job> => json<Job>(`jobs/${encodeURIComponent(id)}`, signal);

/** Cancel a job that waits or runs, or forget one that is over. */
export async function drop(id: string): Promise<void> {
  await ask(`jobs/${encodeURIComponent(id)}`, { method: "DELETE" });
}

export const over = (each: Pick<Job, "phase">): boolean => !["queued", "running"].includes(each.phase);

/**
 * Follow a job to its end: `tell` gets each event, and the promise the finished job with its result. A lost connection
 * is taken up again; aborting `signal` stops listening, which lets the server cancel the job after a while.
 */
export function follow(id: string, tell: (each: Job) => void, signal?: AbortSignal): Promise<Job> {
  return new Promise((resolve, reject) => {
    let failures = 0;
    let source: EventSource | undefined;
    let timer: number | undefined;
    const stop = (): void => {
      source?.close();
      clearTimeout(timer);
      signal?.removeEventListener("abort", left);
    };
    const left = (): void => {
      stop();
      reject(new DOMException("no longer followed", "AbortError"));
    };
    const finish = (): void => {
      stop();
      job(id, signal).then(
        (last) => {
          tell(last);
          resolve(last);
        },
        reject,
      );
    };
    const listen = (): void => {
      source = new EventSource(url(`jobs/${encodeURIComponent(id)}/events`));
      source.addEventListener("job", (event) => {
        failures = 0;
        const each = JSON.parse((event as MessageEvent<string>).data) as Job;
        if (over(each)) finish();
        else tell(each);
      });
      source.onerror = () => {
        source?.close();
        failures += 1;
        if (failures > 6) {
          stop();
          reject(new Problem("The connection to the server was lost. Is `ceasefire serve` still running?", 0));
          return;
        }
        timer = window.setTimeout(again, Math.min(4000, 250 * 2 ** failures));
      };
    };
    const again = (): void => {
      job(id, signal).then(
        (each) => {
          if (over(each)) finish();
          else listen();
        },
        (reason: unknown) => {
          if (reason instanceof Problem && reason.status === 404) {
            stop();
            reject(reason);
          } else {
            failures += 1;
            if (failures > 6) {
              stop();
              reject(reason);
            } else timer = window.setTimeout(again, Math.min(4000, 250 * 2 ** failures));
          }
        },
      );
    };
    if (signal?.aborted) {
      left();
      return;
    }
    signal?.addEventListener("abort", left);
    listen();
  });
}
