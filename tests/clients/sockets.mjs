/** graphql-ws: `node sockets.mjs URL TOKEN`, with `hear`, `outlive` or `expire` for what takes longer. */

import { createClient } from "graphql-ws";
import WebSocket from "ws";

import { first, freshToken, rest, socket, tell, token } from "./asking.mjs";
import { CHANGES, MADE, PLACE, PROGRESS, TOWNSHIP, UNKNOWN, WRONG } from "./documents.mjs";

const [part = "talk"] = rest;

function connect(connectionParams, more = {}) {
  return createClient({ url: socket, webSocketImpl: WebSocket, connectionParams, ...more });
}

/** What is thrown, as a program sees it: errors of the graph, or the event with which a socket was closed. */
async function refused(asking) {
  try {
    return { results: await asking() };
  } catch (error) {
    if (Array.isArray(error)) return { codes: error.map((each) => each.extensions.code) };
    return { code: error.code, reason: error.reason };
  }
}

async function talk() {
  const client = connect(() => ({ Authorization: `Bearer ${token}` }));
  const one = (query, variables) => first(client.iterate({ query, variables }), 1);
  tell({
    query: await one(TOWNSHIP, MADE),
    unknown: await one(TOWNSHIP, UNKNOWN),
    wrong: await refused(() => one(WRONG, MADE)),
    subscription: await one(PROGRESS, PLACE),
    nobody: await refused(() => first(connect({}, { retryAttempts: 0 }).iterate({ query: TOWNSHIP, variables: MADE }), 1)),
  });
  await client.dispose();
}

/** Listens until something is changed, and says when it does. */
async function hear() {
  const client = connect({ token });
  const changes = client.iterate({ query: CHANGES, variables: PLACE });
  const progress = client.iterate({ query: PROGRESS, variables: PLACE });
  const change = changes.next(); // begun first, so that it is in force when progress has been told
  tell({ before: (await progress.next()).value });
  tell({ change: (await change).value, after: (await progress.next()).value });
  await client.dispose();
}

/** A subscription that outlives its token: `connectionParams` is asked again when the socket is opened anew. */
async function outlive() {
  const given = [await freshToken(), token];
  const closed = [];
  const connected = [];
  const on = {
    closed: ({ code, reason }) => closed.push({ code, reason }),
    connected: () => connected.push(connected.length),
  };
  const client = connect(() => ({ token: given.shift() }), { on });
  const results = await refused(() => first(client.iterate({ query: PROGRESS, variables: PLACE }), 2));
  tell({ ...results, closed, connected: connected.length });
  await client.dispose();
}

/** A subscription whose token expires, and there is no other. */
async function expire() {
  const client = connect({ token: await freshToken() }, { retryAttempts: 1 });
  tell(await refused(() => first(client.iterate({ query: PROGRESS, variables: PLACE }), 2)));
}

await { talk, hear, outlive, expire }[part]();
