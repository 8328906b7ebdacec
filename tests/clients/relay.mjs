/** Relay: `node relay.mjs URL TOKEN FOLDER`, where FOLDER has what relay-compiler made; only names of documents are sent. */

import { createRequire } from "node:module";
import { join } from "node:path";

import { createClient } from "graphql-ws";
import relay from "relay-runtime";
import WebSocket from "ws";

import { headers, noted, noting, rest, socket, tell, token, url } from "./asking.mjs";

const { Environment, Network, Observable, RecordSource, Store } = relay;
const made = createRequire(join(rest[0], "__generated__", "of-relay.js")); // what it makes are CommonJS modules
const page = made("./villagesPageQuery.graphql");
const next = made("./villagesNextQuery.graphql");
const list = made("./villages_list.graphql");
const progress = made("./progressSubscription.graphql");

const sockets = createClient({ url: socket, webSocketImpl: WebSocket, connectionParams: { token } });
const environment = new Environment({
  store: new Store(new RecordSource()),
  network: Network.create(
    async ({ id }, variables) => {
      const response = await noting(url, {
        method: "POST",
        headers: { ...headers, "content-type": "application/json" },
        body: JSON.stringify({ documentId: id, variables }),
      });
      return response.json();
    },
    // What is named has no text, where graphql-ws wants one.
    ({ id, text }, variables) =>
      Observable.create((sink) => sockets.subscribe({ query: text ?? "", documentId: id, variables }, sink)),
  ),
});

/** What the component of the list would be given, as Relay reads it from its store. */
function shown(operation) {
  const { data } = environment.lookup(operation.fragment);
  return environment.lookup(relay.getSingularSelector(list, data.township)).data;
}

/** The first page, and a second one as `usePaginationFragment` asks for it. */
async function twoPages() {
  const variables = { township: "620502100", count: 2 };
  const operation = relay.createOperationDescriptor(page, variables);
  environment.retain(operation);
  await relay.fetchQuery(environment, page, variables).toPromise();
  const before = shown(operation);
  const { paginationMetadata } = relay.getPaginationMetadata(list, "usePaginationFragment()");
  const { endCursor } = before.villages.pageInfo;
  const asked = relay.getPaginationVariables("forward", 2, endCursor, variables, { id: before.id }, paginationMetadata);
  await relay.fetchQuery(environment, next, asked).toPromise();
  return { before, after: shown(operation) };
}

function told() {
  return new Promise((resolve, reject) => {
    const { dispose } = relay.requestSubscription(environment, {
      subscription: progress,
      variables: { place: "620502100" },
      onNext: (data) => {
        resolve(data);
        setImmediate(() => dispose());
      },
      onError: reject,
    });
  });
}

tell({ pages: await noted(twoPages), subscription: await noted(told) });
await sockets.dispose();
