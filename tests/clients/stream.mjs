/** graphql-sse, with a connection for each operation: `node stream.mjs URL TOKEN`, with `hear` or `expire`. */

import { createClient, NetworkError } from "graphql-sse";

import { first, freshToken, headers, noted, noting, rest, tell, url } from "./asking.mjs";
import { CHANGES, MADE, PLACE, PROGRESS, TOWNSHIP, UNKNOWN, WRONG } from "./documents.mjs";

const client = createClient({ url, fetchFn: noting, headers });
const all = async (results) => {
  const taken = [];
  for await (const each of results) taken.push(each);
  return taken;
};

/** What is thrown, as a program sees it: the answer in place of a stream. */
async function refused(asking) {
  try {
    return { results: await asking() };
  } catch (error) {
    if (!(error instanceof NetworkError)) throw error;
    const { errors } = await error.response.json();
    return { status: error.response.status, codes: errors.map((each) => each.extensions.code) };
  }
}

async function talk() {
  const nobody = createClient({ url, fetchFn: noting, retryAttempts: 0 });
  tell({
    query: await noted(() => all(client.iterate({ query: TOWNSHIP, variables: MADE }))),
    unknown: await noted(() => all(client.iterate({ query: TOWNSHIP, variables: UNKNOWN }))),
    wrong: await noted(() => all(client.iterate({ query: WRONG, variables: MADE }))),
    subscription: await noted(() => first(client.iterate({ query: PROGRESS, variables: PLACE }), 1)),
    nobody: await noted(() => refused(() => all(nobody.iterate({ query: TOWNSHIP, variables: MADE })))),
  });
}

/** Listens until something is changed, and says when it does. */
async function hear() {
  const changes = client.iterate({ query: CHANGES, variables: PLACE });
  const progress = client.iterate({ query: PROGRESS, variables: PLACE });
  const change = changes.next();
  tell({ before: (await progress.next()).value });
  tell({ change: (await change).value, after: (await progress.next()).value });
  await Promise.all([changes.return(), progress.return()]);
}

/** All that is told until the token has expired. */
async function expire() {
  const brief = createClient({ url, headers: { authorization: `Bearer ${await freshToken()}` } });
  tell(await all(brief.iterate({ query: PROGRESS, variables: PLACE })));
  brief.dispose();
}

await { talk, hear, expire }[rest[0] ?? "talk"]();
client.dispose();
