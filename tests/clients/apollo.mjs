/** Apollo Client: `node apollo.mjs URL TOKEN`. */

import { createHash } from "node:crypto";

import { ApolloClient, CombinedGraphQLErrors, gql, HttpLink, InMemoryCache, ServerError } from "@apollo/client/core";
import { BatchHttpLink } from "@apollo/client/link/batch-http";
import { PersistedQueryLink } from "@apollo/client/link/persisted-queries";
import { GraphQLWsLink } from "@apollo/client/link/subscriptions";
import { relayStylePagination } from "@apollo/client/utilities";
import { createClient } from "graphql-ws";
import { filter, firstValueFrom } from "rxjs";
import WebSocket from "ws";

import { headers, noted, noting, socket, tell, token, url } from "./asking.mjs";
import { MADE, PLACE, PROGRESS, SOME, TOWNSHIP, UNKNOWN, VILLAGES, WRONG } from "./documents.mjs";

const usual = { uri: url, fetch: noting, headers };

function connect(link) {
  const typePolicies = { Query: { fields: { villages: relayStylePagination(["within", "orderBy"]) } } };
  return new ApolloClient({ link, cache: new InMemoryCache({ typePolicies }) });
}

async function ask(client, document, variables) {
  const { data } = await client.query({ query: gql(document), variables });
  return data;
}

/** What a request is refused with, as a program would read it from the error that is thrown. */
async function refused(client, document, variables) {
  try {
    return { data: await ask(client, document, variables) };
  } catch (error) {
    if (CombinedGraphQLErrors.is(error)) return { codes: error.errors.map((each) => each.extensions.code) };
    if (ServerError.is(error)) return { status: error.statusCode, text: error.bodyText };
    throw error;
  }
}

/** Two pages in one list, as the cache joins them by cursors. */
async function twoPages(client) {
  const watched = client.watchQuery({ query: gql(VILLAGES), variables: SOME });
  const { data } = await firstValueFrom(watched.pipe(filter(({ loading }) => !loading)));
  await watched.fetchMore({ variables: { after: data.villages.pageInfo.endCursor } });
  const joined = watched.getCurrentResult().data.villages;
  return { codes: joined.edges.map(({ node }) => node.code), totalCount: joined.totalCount };
}

const posting = connect(new HttpLink(usual));
const getting = connect(new HttpLink({ ...usual, useGETForQueries: true }));
const batching = connect(new BatchHttpLink(usual));
const nobody = connect(new HttpLink({ ...usual, headers: {} }));

function naming(useGETForHashedQueries) {
  const sha256 = (text) => createHash("sha256").update(text).digest("hex");
  return connect(new PersistedQueryLink({ sha256, useGETForHashedQueries }).concat(new HttpLink(usual)));
}
const named = naming(false);
const namedByGet = naming(true);

/** A document that is sent nowhere else under this name, so that the server does not know it the first time. */
const own = (name) => TOWNSHIP.replace("Township(", `${name}(`);

const sockets = createClient({ url: socket, webSocketImpl: WebSocket, connectionParams: { token } });
const listening = connect(new GraphQLWsLink(sockets));

tell({
  post: await noted(() => ask(posting, VILLAGES, SOME)),
  get: await noted(() => ask(getting, VILLAGES, SOME)),
  pages: await noted(() => twoPages(getting)),
  batch: await noted(() =>
    Promise.all(["620502100", "620502101", "620502102"].map((code) => ask(batching, TOWNSHIP, { code }))),
  ),
  batchWithMistakes: await noted(() => {
    const unkept = connect(new BatchHttpLink(usual));
    const asked = [[TOWNSHIP, MADE], [TOWNSHIP, UNKNOWN], [WRONG, MADE]];
    return Promise.all(asked.map(([document, variables]) => refused(unkept, document, variables)));
  }),
  persisted: await noted(async () => [
    await ask(named, own("Posted"), MADE),
    await ask(named, own("Posted"), { code: "620502101" }),
  ]),
  persistedByGet: await noted(async () => [
    await ask(namedByGet, own("Got"), MADE),
    await ask(namedByGet, own("Got"), { code: "620502101" }),
  ]),
  unknown: await noted(() => refused(posting, TOWNSHIP, UNKNOWN)),
  wrong: await noted(() => refused(getting, WRONG, MADE)),
  nobody: await noted(() => refused(nobody, TOWNSHIP, MADE)),
  socket: await noted(async () => {
    const { data, error } = await firstValueFrom(listening.subscribe({ query: gql(PROGRESS), variables: PLACE }));
    return { data, error: error?.message };
  }),
});
await sockets.dispose();
