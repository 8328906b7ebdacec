/** Carries GraphiQL's questions to the server: queries over HTTP, subscriptions over a socket. */

import type { Fetcher } from "@graphiql/toolkit";
import { getOperationAST } from "graphql";
import { createClient } from "graphql-ws";

import { ask, authorization, told } from "./asking";

// On the wire an error is plain data; the toolkit's type is the one of errors inside of a server.
type Carried = Awaited<ReturnType<Fetcher>>;

/** `onRefused` is told, in the server's words, when the token is missing or no longer good. */
export function createFetcher(token: string | null, onRefused: (words: string) => void): Fetcher {
  const socket = createClient({
    url: new URL("/graphql", location.href.replace(/^http/, "ws")).href,
    connectionParams: authorization(token),
    lazy: true, // no socket before the first subscription
  });
  return async ({ query, variables, operationName }, options) => {
    const document = options?.documentAST;
    // The page's own questions about the schema come without a document.
    const operation = document && getOperationAST(document, operationName);
    if (operation?.operation === "subscription") {
      return socket.iterate({ query, variables, operationName: operationName ?? null }) as Carried;
    }
    const { status, result } = await ask({ query, variables, operationName: operationName ?? null }, token);
    if (status === 401) onRefused(told(result));
    return result as Carried;
  };
}
