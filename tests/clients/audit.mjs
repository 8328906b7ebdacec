// The public audit of GraphQL over HTTP against a server: `node audit.mjs URL [TOKEN]` prints each result as JSON.
import { serverAudits } from "graphql-http";

const [url, token] = process.argv.slice(2);

const fetchFn = (address, options = {}) => {
  const authorization = token ? { authorization: `Bearer ${token}` } : {};
  return fetch(address, { ...options, headers: { ...options.headers, ...authorization } });
};

const results = [];
for (const { id, name, fn } of serverAudits({ url, fetchFn })) {
  const { status, reason } = await fn();
  results.push({ id, name, status, reason });
}
console.log(JSON.stringify(results));
