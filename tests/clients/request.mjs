/** graphql-request: `node request.mjs URL TOKEN`. */

import { ClientError, GraphQLClient, gql } from "graphql-request";

import { headers, noted, noting, tell, url } from "./asking.mjs";
import { MADE, SOME, TOWNSHIP, UNKNOWN, VILLAGES, WRONG } from "./documents.mjs";

const posting = new GraphQLClient(url, { fetch: noting, headers });
const getting = new GraphQLClient(url, { fetch: noting, headers, method: "GET" });

/** What a request is refused with, as a program would read it from the error that is thrown. */
async function refused(asking) {
  try {
    return { data: await asking() };
  } catch (error) {
    if (!(error instanceof ClientError)) throw error;
    return { codes: error.response.errors.map((each) => each.extensions.code), status: error.response.status };
  }
}

tell({
  post: await noted(() => posting.request(gql`${VILLAGES}`, SOME)),
  get: await noted(() => getting.request(VILLAGES, SOME)),
  raw: await noted(async () => {
    const { data, status, headers: answered } = await posting.rawRequest(TOWNSHIP, MADE);
    return { data, status, hasId: answered.has("x-request-id") };
  }),
  batch: await noted(() =>
    posting.batchRequests([
      { document: TOWNSHIP, variables: MADE },
      { document: TOWNSHIP, variables: { code: "620502101" } },
    ]),
  ),
  unknown: await noted(() => refused(() => posting.request(TOWNSHIP, UNKNOWN))),
  wrong: await noted(() => refused(() => getting.request(WRONG, MADE))),
  nobody: await noted(() => refused(() => new GraphQLClient(url, { fetch: noting }).request(TOWNSHIP, MADE))),
});
