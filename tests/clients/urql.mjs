/** urql: `node urql.mjs URL TOKEN`. */

import { Client, fetchExchange, gql, subscriptionExchange } from "@urql/core";
import { persistedExchange } from "@urql/exchange-persisted";
import { createClient } from "graphql-ws";
import WebSocket from "ws";

import { headers, noted, noting, socket, tell, token, url } from "./asking.mjs";
import { MADE, PLACE, PROGRESS, SOME, TOWNSHIP, UNKNOWN, VILLAGES, WRONG } from "./documents.mjs";

const usual = { url, exchanges: [fetchExchange], fetch: noting, fetchOptions: { headers } };

async function ask(client, document, variables) {
  const { data, error } = await client.query(gql(document), variables).toPromise();
  return { data, codes: error?.graphQLErrors.map((each) => each.extensions.code), network: error?.networkError?.message };
}

/** The first result of a subscription, which is then left. */
function told(client) {
  return new Promise((resolve) => {
    const { unsubscribe } = client.subscription(gql(PROGRESS), PLACE).subscribe(({ data, error }) => {
      resolve({ data, error: error?.message });
      setImmediate(() => unsubscribe());
    });
  });
}

const posting = new Client({ ...usual, preferGetMethod: false });
const getting = new Client({ ...usual, preferGetMethod: true });
const naming = new Client({ ...usual, exchanges: [persistedExchange(), fetchExchange] });
const streaming = new Client({ ...usual, fetchSubscriptions: true });

const sockets = createClient({ url: socket, webSocketImpl: WebSocket, connectionParams: { token } });
const listening = new Client({
  ...usual,
  exchanges: [
    fetchExchange,
    subscriptionExchange({
      forwardSubscription: ({ query, variables }) => ({
        subscribe: (sink) => ({ unsubscribe: sockets.subscribe({ query: query ?? "", variables }, sink) }),
      }),
    }),
  ],
});

tell({
  usual: await noted(() => ask(new Client(usual), VILLAGES, SOME)),
  post: await noted(() => ask(posting, VILLAGES, SOME)),
  get: await noted(() => ask(getting, VILLAGES, SOME)),
  unknown: await noted(() => ask(posting, TOWNSHIP, UNKNOWN)),
  wrong: await noted(() => ask(getting, WRONG, MADE)),
  nobody: await noted(() => ask(new Client({ ...usual, fetchOptions: {} }), TOWNSHIP, MADE)),
  // Two texts that no other script sends: the first time each is not known yet.
  persisted: await noted(async () => [
    await ask(naming, `${TOWNSHIP} # urql`, MADE),
    await ask(naming, `${TOWNSHIP} # urql`, { code: "620502101" }),
  ]),
  stream: await noted(() => told(streaming)),
  socket: await noted(() => told(listening)),
});
await sockets.dispose();
