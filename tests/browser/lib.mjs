// What every scenario uses: a browser that keeps a trace, looks for violations of the page's own policy, and checks what it sees
// for whoever cannot see it.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import { chromium } from "playwright-core";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const SWITCHES = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
const WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];

/// What the test that started this says: addresses, names, passwords.
export const facts = JSON.parse(process.env.ROLLCALL_FACTS);
const place = process.env.ROLLCALL_TRACES;

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

/// Asks the test that started this to do something in the world outside, and waits until it has; gives what it says.
export async function ask(what, details = {}) {
  process.stdout.write(JSON.stringify({ ask: what, ...details }) + "\n");
  const { value, done } = await lines.next();
  if (done) throw new Error(`nobody answers ${what}`);
  return JSON.parse(value);
}

export function equal(actual, expected, what) {
  const [one, other] = [JSON.stringify(actual), JSON.stringify(expected)];
  if (one !== other) throw new Error(`${what}: ${one}, and not ${other}`);
}

export function holds(condition, what) {
  if (!condition) throw new Error(what);
}

/// Says of what goes wrong in a step in which one it was.
export async function step(words, work) {
  try {
    await work();
  } catch (error) {
    throw new Error(`${words}: ${error.message}`, { cause: error });
  }
}

/// Presses a button that leads to another page, or to this one again.
export async function press(page, name) {
  const exact = typeof name === "string";
  await leads(page, () => page.getByRole("button", { name, exact }).first().click());
}

/// Follows a link.
export async function follow(page, name) {
  await leads(page, () => page.getByRole("link", { name, exact: typeof name === "string" }).first().click());
}

async function leads(page, work) {
  const came = page.waitForEvent("load");
  came.catch(() => {});
  await work();
  await came;
}

/// Waits until the run that is shown is over; gives how it stands. Without script whoever looks asks again.
export async function over(page, script = true) {
  const end = Date.now() + 120_000;
  while (!script && (await page.locator("[data-events]").count()) > 0) {
    if (Date.now() > end) throw new Error("the run does not end");
    await follow(page, "Look again");
  }
  await page.locator("body:has(footer.foot):not(:has([data-events]))").waitFor({ state: "attached", timeout: 120_000 });
  return page.locator("main .row .badge").first().innerText();
}

/// What a file holds that a link downloads.
export async function downloaded(page, name) {
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("link", { name, exact: true }).click(),
  ]);
  return readFileSync(await download.path(), "utf8");
}

/// Runs a scenario. Where it fails, its trace, the page and a picture of it are kept.
export async function scenario(name, work, options = {}) {
  const browser = await chromium.launch({
    executablePath: process.env.ROLLCALL_CHROMIUM ?? "/usr/bin/chromium",
    args: SWITCHES,
  });
  const context = await browser.newContext({
    baseURL: facts.url,
    acceptDownloads: true,
    viewport: { width: 1280, height: 900 },
    reducedMotion: "reduce",
    ...options,
  });
  context.setDefaultTimeout(60_000);
  await context.tracing.start({ screenshots: true, snapshots: true });
  const violations = [];
  await context.addInitScript(() => {
    document.addEventListener("securitypolicyviolation", (event) =>
      console.error(`policy violated: ${event.violatedDirective} ${event.blockedURI}`));
    window.alert = (text) => console.error(`script ran: ${text}`);
  });
  context.on("page", (page) => {
    page.on("pageerror", (error) => violations.push(`script failed: ${error.message}`));
    page.on("console", (message) => {
      if (/policy|script ran/i.test(message.text())) violations.push(message.text());
    });
  });
  const page = await context.newPage();
  try {
    await work(page, context, browser);
    equal(violations, [], "violations");
    await context.tracing.stop();
  } catch (error) {
    mkdirSync(place, { recursive: true });
    await context.tracing.stop({ path: `${place}/${name}.zip` }).catch(() => {});
    await page.screenshot({ path: `${place}/${name}.png`, fullPage: true }).catch(() => {});
    writeFileSync(`${place}/${name}.html`, await page.content().catch(() => ""));
    console.error(`${name}, at ${page.url()}: ${error.stack}\nkept in ${place}`);
    process.exitCode = 1;
  } finally {
    await browser.close();
    process.stdin.destroy();
  }
}

/// The page as it stands is accessible, light and dark, and fits a narrow screen.
export async function accessible(page, what) {
  const found = [];
  for (const colorScheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    await page.evaluate(axe);
    const { violations } = await page.evaluate(
      (tags) => window.axe.run(document, { runOnly: { type: "tag", values: tags } }),
      WCAG,
    );
    for (const one of violations) {
      const where = one.nodes.slice(0, 3).map((node) => `${node.target.join(" ")} (${node.any.concat(node.all)[0]?.message ?? ""})`);
      found.push(`${colorScheme}: ${one.id} (${one.impact}): ${where.join("; ")}`);
    }
  }
  await page.emulateMedia({ colorScheme: "light", reducedMotion: "reduce" });
  const wide = page.viewportSize();
  await page.setViewportSize({ width: 320, height: 800 });
  const over = await page.evaluate(() => {
    const root = document.documentElement;
    if (root.scrollWidth <= root.clientWidth) return [];
    const wide = [...document.querySelectorAll("main *")].filter((one) => one.getBoundingClientRect().right > root.clientWidth + 1);
    return wide.slice(0, 3).map((one) => one.outerHTML.slice(0, 80));
  });
  for (const one of over) found.push(`wider than 320 px: ${one}`);
  await page.setViewportSize(wide);
  if (found.length > 0) throw new Error(`${what} (${page.url()}):\n  ${found.join("\n  ")}`);
}

/// Logs in as somebody.
export async function logIn(page, name, password) {
  await page.goto("/login");
  await page.getByLabel("Name").fill(name);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Log in" }).click();
  await page.waitForURL((url) => url.pathname !== "/login");
}
