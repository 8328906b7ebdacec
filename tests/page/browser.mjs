// A real Chromium on one page, which remembers whatever the page did that it should not.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { chromium } from "playwright-core";

const FLAGS = [
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** Opens an address, lets `work` use the page, and throws for anything that the page did against its policy. */
export async function visit(address, work, { dark = false } = {}) {
  const profile = await mkdtemp(join(tmpdir(), "bangfu-chromium-"));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: process.env.CHROMIUM,
    headless: true,
    chromiumSandbox: false, // it does not run as root
    args: FLAGS,
    colorScheme: dark ? "dark" : "light",
    viewport: { width: 1280, height: 800 },
  });
  const wrong = [];
  try {
    context.setDefaultTimeout(60_000); // a machine that is busy with other tests is no mistake of the page
    const page = await context.newPage();
    page.on("request", (request) => {
      const url = request.url();
      if (!url.startsWith(`${address}/`) && !/^(data|blob):/.test(url)) wrong.push(`asked another server: ${url}`);
    });
    page.on("websocket", (socket) => {
      if (!socket.url().startsWith(`${address.replace("http", "ws")}/`)) wrong.push(`opened ${socket.url()}`);
    });
    page.on("console", (message) => {
      // A refused token is told by its status, and the browser repeats it.
      if (message.type() === "error" && !message.text().includes("401")) wrong.push(`error: ${message.text()}`);
    });
    page.on("pageerror", (error) => wrong.push(`thrown: ${error.message}`));
    await page.addInitScript(() => {
      addEventListener("securitypolicyviolation", (event) => console.error(`policy: ${event.violatedDirective}`));
    });
    await page.goto(`${address}/graphql`);
    await work(page);
  } finally {
    await context.close();
    await rm(profile, { recursive: true, force: true });
  }
  if (wrong.length > 0) throw new Error(wrong.join("\n"));
}

/** Saves what the page looks like, where somebody wants to look at it: SHOTS=folder. */
export async function shoot(page, name) {
  if (process.env.SHOTS) await page.screenshot({ path: join(process.env.SHOTS, `${name}.png`) });
}
