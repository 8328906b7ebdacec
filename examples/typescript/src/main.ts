/** `npm start -- CODE`: the five villages of a place that planted the most orchard. */

import { ask, connect } from "./client.js";
import { line, Villages } from "./villages.js";

const client = connect({
  url: process.env["BANGFU_URL"] ?? "http://127.0.0.1:8000/graphql",
  token: process.env["BANGFU_TOKEN"],
  persisted: process.argv.includes("--persisted"),
});
const within = process.argv.slice(2).find((word) => !word.startsWith("--")) ?? "620502";

try {
  const { villages } = await ask(client, Villages, { within, first: 5 });
  console.log(`The first ${villages.nodes.length} of ${villages.totalCount} villages`);
  for (const village of villages.nodes) console.log(`${village.code} ${line(village)}`);
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}
