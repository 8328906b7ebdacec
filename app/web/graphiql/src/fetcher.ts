/** Carries GraphiQL's questions to the server: queries over HTTP, subscriptions over a socket. */

import type { Fetcher } from "@graphiql/toolkit";
import { type DocumentNode, getOperationAST, parse } from "graphql";
import { CloseCode, createClient } from "graphql-ws";

import { ask, authorization, told } from "./asking";

// On the wire an error is plain data; the toolkit's type is the one of errors inside of a server.
type Carried = Awaited<ReturnType<Fetcher>>;

/** `onRefused` is told, in the server's words, when the token is missing or no longer good. */
export function createFetcher(token: string | null, onRefused: (words: string) => void): Fetcher {
  const socket = createClient({
    url: new URL("/graphql", location.href.replace(/^http/, "ws")).href,
    connectionParams: authorization(token),
    lazy: true, // no socket before the first subscription
    shouldRetry: (event) => !isRefusal(event), // there is no other token to try
    on: { closed: (event) => isRefusal(event) && onRefused(event.reason.replace("Forbidden: ", "")) },
  });
  return async ({ query, variables, operationName }) => {
    // GraphiQL looks at what is typed a moment later, and may still name the operation that stood there before.
    const document = parsed(query);
    const isThere = document !== null && getOperationAST(document, operationName) != null;
    const question = { query, variables, operationName: (isThere && operationName) || null };
    if (document && getOperationAST(document, question.operationName)?.operation === "subscription") {
      return socket.iterate(question) as Carried;
    }
    const { status, result } = await ask(question, token);
    if (status === 401) onRefused(told(result));
    return result as Carried;
  };
}

/** Whether a socket was closed since its token is missing or no longer good. */
function isRefusal(event: unknown): event is CloseEvent {
  return event instanceof CloseEvent && event.code === Number(CloseCode.Forbidden);
}

/** The document, or null where it is none; then the server says why. */
function parsed(query: string): DocumentNode | null {
  try {
    return parse(query);
  } catch {
    return null;
  }
}
