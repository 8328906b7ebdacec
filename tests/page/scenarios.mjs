// What people do on the page. `node scenarios.mjs NAME` does one of it, and ends with 1 if the page does not go along.
// ADDRESS is the server's, TOKEN one that it accepts, CHROMIUM the browser.

import assert from "node:assert/strict";

import { shoot, visit } from "./browser.mjs";

const { ADDRESS, TOKEN } = process.env;

const query = (page) => page.locator(".graphiql-query-editor .monaco-editor").first();
const result = (page) => page.getByRole("region", { name: "Result Window" });

async function logIn(page, token = TOKEN) {
  await page.getByLabel("Token 令牌").fill(token);
  await page.getByRole("button", { name: "Log in" }).click();
}

async function enter(page) {
  await logIn(page);
  await page.getByRole("button", { name: "Execute query" }).waitFor();
  await query(page).waitFor();
}

/** Takes the place of what is in the editor, key by key, as a person types it. */
async function type(page, text) {
  await query(page).click();
  await page.keyboard.press("ControlOrMeta+A");
  await page.keyboard.press("Delete");
  await page.keyboard.type(text);
  await page.keyboard.press("Escape"); // the list of completions
}

/** The result, once it has a text in it. */
async function answered(page, text) {
  await result(page).filter({ hasText: text }).waitFor();
}

const scenarios = {
  async "a wrong token is refused in the server's words"() {
    await visit(ADDRESS, async (page) => {
      await logIn(page, "not-a-token");
      const words = await page.getByRole("alert").filter({ hasText: "token" }).textContent();
      assert.match(words, /not accepted/);
      assert.equal(await page.getByRole("button", { name: "Execute query" }).count(), 0);
      await shoot(page, "refused");
    });
  },

  async "a query is typed and answered"() {
    await visit(ADDRESS, async (page) => {
      await enter(page);
      await type(page, "{ districts { nodes { name code } } }");
      await page.keyboard.press("ControlOrMeta+Enter");
      await answered(page, "620502");
      await shoot(page, "answered");
    });
  },

  async "the examples open in tabs of their own and are answered"() {
    await visit(ADDRESS, async (page) => {
      await enter(page);
      const menu = page.locator("nav summary");
      await menu.click();
      const titles = await page.locator("nav button").allTextContents();
      assert.equal(titles.length, 3);
      await shoot(page, "examples");
      await menu.click();
      for (const [index, name] of ["CrossSector", "Village", "Targets"].entries()) {
        await menu.click();
        await page.locator("nav button").nth(index).click();
        await page.getByRole("tab", { name, selected: true }).waitFor();
        await query(page).filter({ hasText: name }).waitFor();
        await page.getByRole("button", { name: "Execute query" }).click();
        await answered(page, '"data"');
        assert.doesNotMatch(await result(page).textContent(), /"errors"/);
      }
      assert.equal(await page.getByRole("tab").count(), 3);
    });
  },

  async "a mistake is marked and a field is completed while it is typed"() {
    await visit(ADDRESS, async (page) => {
      await enter(page);
      await type(page, "{ districts { nodes { nome } } }");
      await page.locator(".squiggly-error").first().waitFor();
      await type(page, "{ distr");
      await page.keyboard.press("ControlOrMeta+Space");
      await page.locator(".suggest-widget").getByText("districts").first().waitFor();
      await shoot(page, "completed");
    });
  },

  async "the docs tell what there is, in both languages"() {
    await visit(ADDRESS, async (page) => {
      await enter(page);
      await page.getByRole("button", { name: "Show Documentation Explorer" }).click();
      const docs = page.locator(".graphiql-plugin");
      await docs.getByRole("link", { name: "Query", exact: true }).click();
      await docs.getByText("households", { exact: true }).waitFor();
      await docs.getByRole("link", { name: "Viewer", exact: true }).click();
      await docs.getByText("訪問者").waitFor();
      await shoot(page, "docs");
    });
  },

  async "somebody is told who they are, stays logged in, and leaves nothing behind"() {
    await visit(ADDRESS, async (page) => {
      await enter(page);
      await page.getByText("王專幹").click();
      const about = await page.locator(".me dl").textContent();
      for (const word of ["township", "everywhere", "personal:read", "register:read"]) assert.ok(about.includes(word), word);
      await shoot(page, "me");
      await page.reload();
      await page.getByText("王專幹").waitFor();
      await query(page).waitFor();
      const kept = await page.evaluate(() => JSON.stringify([{ ...localStorage }, document.cookie]));
      assert.equal(kept, '[{},""]', "kept beyond the tab");
      await page.getByRole("button", { name: "Log out" }).click();
      await page.getByLabel("Token 令牌").waitFor();
      assert.equal(await page.evaluate(() => sessionStorage.length), 0);
    });
  },

  async "a token that ends is told, and the query is still there after the next login"() {
    await visit(ADDRESS, async (page) => {
      await enter(page);
      await type(page, "query Mine { districts { nodes { name } } }");
      // GraphiQL keeps what is typed half a second later.
      await page.waitForFunction(() => JSON.stringify({ ...sessionStorage }).includes("query Mine"));
      // From here on the server refuses, as it does when a token has ended.
      await page.route("**/graphql", (route) => {
        const headers = { ...route.request().headers(), authorization: "Bearer ended" };
        return route.request().method() === "POST" ? route.continue({ headers }) : route.continue();
      });
      await page.getByRole("button", { name: "Execute query" }).click();
      await page.getByRole("alert").filter({ hasText: "not accepted" }).waitFor();
      await shoot(page, "ended");
      await page.unroute("**/graphql");
      await logIn(page);
      await page.getByText("王專幹").waitFor();
      await page.locator(".graphiql-tab").filter({ hasText: "Mine" }).waitFor();
    });
  },

  async "a subscription ends at the login when its token ends"() {
    await visit(ADDRESS, async (page) => {
      await page.routeWebSocket("**/graphql", (socket) => {
        const reason = "Forbidden: The token is not accepted: it has expired.";
        socket.onMessage(() => socket.close({ code: 4403, reason })); // as the server does
      });
      await enter(page);
      await type(page, "subscription { changes { place } }");
      await page.getByRole("button", { name: "Execute query" }).click();
      await page.getByRole("alert").filter({ hasText: /^The token is not accepted: it has expired/ }).waitFor();
      await page.getByText("王專幹").waitFor({ state: "detached" });
    });
  },

  async "it can be read in the dark"() {
    await visit(
      ADDRESS,
      async (page) => {
        await enter(page);
        const paper = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
        const [red, green, blue] = paper.match(/\d+/g).map(Number);
        assert.ok(red + green + blue < 200, paper);
        await shoot(page, "dark");
      },
      { dark: true },
    );
  },

  async "one of the demo's people is chosen and logged in"() {
    await visit(ADDRESS, async (page) => {
      await page.getByLabel("Try it as").selectOption({ label: "鄉鎮專幹 Township officer" });
      await page.getByText("王專幹").waitFor();
      await query(page).waitFor();
      await shoot(page, "chosen");
    });
  },

  async "the plain page runs a query"() {
    await visit(ADDRESS, async (page) => {
      await page.getByLabel("Query 查詢").fill("{ districts { nodes { name code } } }");
      await page.getByLabel("Token 令牌").fill(TOKEN);
      await page.getByRole("button", { name: "Run" }).click();
      await page.locator("pre").filter({ hasText: "620502" }).waitFor();
      await page.getByText("make page", { exact: true }).waitFor();
      await shoot(page, "plain");
    });
  },
};

const scenario = scenarios[process.argv[2]];
assert.ok(scenario, `There is no scenario ${process.argv[2]}.`);
await scenario();
