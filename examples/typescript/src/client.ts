/** A client of the graph: urql, with a token, and where wanted with documents that the server knows by their hashes. */

import { Client, fetchExchange, type TypedDocumentNode } from "@urql/core";
import { persistedExchange } from "@urql/exchange-persisted";

export interface Server {
  /** Where the graph answers, as `http://127.0.0.1:8000/graphql`. */
  url: string;
  /** What is shown to a server that asks who comes. */
  token?: string | undefined;
  /** Whether only the hash of a document is sent, for a server that has been given `persisted-documents.json`. */
  persisted?: boolean;
}

export function connect({ url, token, persisted = false }: Server): Client {
  const byHash = persistedExchange({
    enforcePersistedQueries: true, // never the text: a server of trusted documents would refuse it
    preferGetForPersistedQueries: false,
    generateHash: async (_, document) => (document as { __meta__?: { hash: string } }).__meta__?.hash.replace("sha256:", "") ?? "",
  });
  return new Client({
    url,
    exchanges: persisted ? [byHash, fetchExchange] : [fetchExchange],
    fetchOptions: { headers: token ? { authorization: `Bearer ${token}` } : {} },
    preferGetMethod: false,
  });
}

/** The data of an answer, typed by its document; throws with the server's words where something is wrong. */
export async function ask<Data, Variables extends Record<string, unknown>>(
  client: Client,
  document: TypedDocumentNode<Data, Variables>,
  variables: Variables,
): Promise<Data> {
  const { data, error } = await client.query(document, variables).toPromise();
  if (error) {
    const codes = error.graphQLErrors.map(({ extensions }) => String(extensions["code"]));
    throw new Error([...codes, error.message].join(" "));
  }
  if (data === undefined) throw new Error("The server has answered nothing.");
  return data;
}
