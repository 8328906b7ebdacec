/** What the scripts of clients share: where the server is, what went over the wire, and how they tell what they found. */

import { once } from "node:events";
import { createInterface } from "node:readline";

export const [url, token, ...rest] = process.argv.slice(2);
export const authorization = `Bearer ${token}`;
export const headers = { authorization };
export const socket = url.replace(/^http/, "ws");

/** The requests that were sent, each with its method, what it carries, and the answer's status and type. */
export const sent = [];

/** `fetch`, as a client is given it where it wants its own; it changes nothing and notes what goes by. */
export async function noting(input, options) {
  const request = new Request(input, options);
  const body = request.method === "POST" ? JSON.parse(await request.clone().text()) : Object.fromEntries(new URL(request.url).searchParams);
  const note = { method: request.method, carries: carried(body) };
  sent.push(note);
  const response = await fetch(input, options);
  note.status = response.status;
  note.type = response.headers.get("content-type")?.split(";")[0];
  return response;
}

function carried(body) {
  if (Array.isArray(body)) return body.map(carried);
  const extensions = typeof body.extensions === "string" ? JSON.parse(body.extensions) : (body.extensions ?? {});
  return [
    ...(body.query ? ["query"] : []),
    ...(body.documentId ? ["documentId"] : []),
    ...(extensions.persistedQuery ? ["hash"] : []),
  ].join(" ");
}

/** A token that the test makes now and not before this program was started, since it ends soon. */
export async function freshToken() {
  tell("ready");
  const lines = createInterface({ input: process.stdin });
  const [line] = await once(lines, "line");
  lines.close();
  return line;
}

/** Runs a part of a script, and gives what it found beside the requests that it took. */
export async function noted(part) {
  const before = sent.length;
  return { found: await part(), sent: sent.slice(before) };
}

/** The first so many results of an observable or async iterable, which is then left. */
export async function first(results, count) {
  const taken = [];
  for await (const each of results) {
    taken.push(each);
    if (taken.length === count) break;
  }
  return taken;
}

/** A line of JSON for the test that has started this script. */
export function tell(what) {
  process.stdout.write(`${JSON.stringify(what)}\n`);
}
