// Other sites, other tenants, whoever only looks, and sessions.
import { createServer } from "node:http";
import { ask, equal, facts, holds, logIn, over, press, scenario, step } from "./lib.mjs";

const { tenant, other } = facts;
const at = `/tenants/${tenant}`;
const escaped = (text) => text.replaceAll("&", "&amp;").replaceAll('"', "&quot;").replaceAll("<", "&lt;");

/// An address for a route: this tenant, its first run, the first of everything else.
const place = (path, whose) => path.replace("{tenant}", whose).replace("{run}", "1").replace("{id}", "1").replace("{stamp}/{name}", facts.style);

/// Another site, with a page that sends a form to the service as soon as it is shown.
async function elsewhere(work) {
  let page = "";
  const server = createServer((_, response) => response.setHeader("content-type", "text/html").end(page));
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address();
  const show = (path, fields) => {
    const inputs = Object.entries(fields).map(([name, value]) => `<input name="${name}" value="${escaped(value)}">`);
    page = `<!doctype html><form method="post" action="${facts.url}${path}">${inputs.join("")}<button>Win a prize</button></form>`;
  };
  try {
    await work(port, show);
  } finally {
    server.close();
  }
}

/// The session's cookie as the browser keeps it.
async function session(context) {
  const found = (await context.cookies()).filter((one) => one.name.includes("rollcall"));
  equal(found.length, 1, "cookies of the service");
  return found[0];
}

/// Whether a session's secret still lets somebody in.
async function letsIn(browser, cookie) {
  const context = await browser.newContext({ baseURL: facts.url });
  await context.addCookies([cookie]);
  const page = await context.newPage();
  await page.goto("/account");
  const inside = new URL(page.url()).pathname === "/account";
  await context.close();
  return inside;
}

await scenario("borders", async (page, context, browser) => {
  await step("a session begins anew with every login", async () => {
    const host = new URL(facts.url).hostname;
    const planted = { name: "rollcall-loopback", value: "planted-by-somebody-else", domain: host, path: "/" };
    await context.addCookies([planted]);
    await logIn(page, facts.user, facts.password);
    const first = await session(context);
    holds(first.value !== planted.value, "the planted cookie is not the session");
    equal(await letsIn(browser, planted), false, "the planted cookie lets nobody in");
    equal(await letsIn(browser, first), true, "the session lets in");
    await logIn(page, facts.user, facts.password);
    const second = await session(context);
    holds(second.value !== first.value, "another login is another session");
    equal(await letsIn(browser, first), false, "the session before lets nobody in");
  });

  await step("the cookie is for the service's own pages alone", async () => {
    const { httpOnly, sameSite, secure, path } = await session(context);
    equal({ httpOnly, sameSite, secure, path }, { httpOnly: true, sameSite: "Strict", secure: false, path: "/" }, "the cookie on this machine");
    equal(await page.evaluate(() => document.cookie), "", "what a script sees of it");
    const safe = await browser.newContext({ baseURL: facts.safe, ignoreHTTPSErrors: true });
    const over = await safe.newPage();
    await logIn(over, facts.user, facts.password);
    const kept = await session(safe);
    const seen = { name: kept.name, httpOnly: kept.httpOnly, sameSite: kept.sameSite, secure: kept.secure, path: kept.path };
    equal(seen, { name: "__Host-rollcall", httpOnly: true, sameSite: "Strict", secure: true, path: "/" }, "the cookie over TLS");
    await safe.close();
  });

  await step("every page has a policy without exceptions", async () => {
    for (const { path, get } of facts.routes) {
      if (!get || path.endsWith("receipt.json")) continue;
      for (const who of [tenant, "nobody"]) {
        const answer = await context.request.get(place(path, who), { maxRedirects: 0 });
        const policy = answer.headers()["content-security-policy"] ?? "";
        holds(policy.includes("default-src 'none'") && policy.includes("frame-ancestors 'none'"), `${path}: ${policy}`);
        holds(!policy.includes("unsafe-") && !policy.includes("*"), `${path}: ${policy}`);
      }
    }
  });

  await step("looking changes nothing", async () => {
    await ask("remember");
    let told = 0;
    for (const { path, get } of facts.routes) {
      if (!get) continue;
      const asked = `${place(path, tenant)}?action=save&confirm=${tenant}&people=keep&mode=full&days=1&done=mapped`;
      const answer = await context.request.get(asked);
      holds(answer.status() < 500, `${path}: ${answer.status()}`);
      if (answer.status() === 200) told += 1;
    }
    holds(told >= 25, `only ${told} pages were shown`);
    for (const { path, get, post } of facts.routes) {
      if (get || !post) continue;
      const answer = await context.request.get(place(path, tenant));
      equal(answer.status(), 405, `GET ${path}`);
    }
    equal(await ask("compare"), { differences: [] }, "what looking changed");
  });

  await step("another site's form is refused", async () => {
    await elsewhere(async (port, show) => {
      const wanted = [
        [`${at}/runs`, { mode: "full", key: "x" }],
        [`${at}/uninstall`, { confirm: tenant, people: "keep" }],
        ["/settings", { name: "mallory", rank: "admin", password: "a long pass-phrase" }],
        ["/logout", {}],
      ];
      await ask("remember");
      // The first is another port, which for a cookie is the same site; the second is another site.
      for (const host of ["127.0.0.1", "localhost"]) {
        for (const [path, fields] of wanted) {
          show(path, fields);
          await page.goto(`http://${host}:${port}/`);
          const [answer] = await Promise.all([
            page.waitForResponse((response) => response.request().method() === "POST"),
            page.getByRole("button", { name: "Win a prize" }).click(),
          ]);
          // Where the browser keeps the cookie back, nobody has logged in.
          const refused = answer.status() === 403 || (host !== "127.0.0.1" && answer.status() === 401);
          holds(refused, `${path} from ${host}: ${answer.status()}`);
          if (host === "127.0.0.1") {
            await page.waitForLoadState();
            await page.getByText("cross-site").waitFor();
          }
        }
      }
      // Nor does a script of theirs.
      await page.goto(`http://127.0.0.1:${port}/`);
      await page.evaluate(async (address) => {
        const body = new URLSearchParams({ mode: "full" });
        await fetch(address, { method: "POST", mode: "no-cors", credentials: "include", body });
      }, `${facts.url}${at}/runs`);
      equal(await ask("compare"), { differences: [] }, "what another site changed");
    });
    // The twin: the service's own form does what it says.
    await page.goto(`${at}/runs`);
    await press(page, "Sync Now");
    holds((await over(page)).includes("done"), "the own form is not refused");
  });

  await step("another tenant's pages are not there", async () => {
    const their = await browser.newContext({ baseURL: facts.url });
    const eve = await their.newPage();
    await logIn(eve, facts.stranger, facts.password);
    await ask("remember");
    let asked = 0;
    const read = async (path) => {
      const answer = await their.request.get(path, { maxRedirects: 0 });
      return { status: answer.status(), text: await answer.text() };
    };
    const send = (path) => eve.evaluate(async (path) => {
      const body = new URLSearchParams({ action: "save", mode: "full", confirm: "acme", people: "keep", digest: "0".repeat(64), days: "1" });
      const answer = await fetch(path, { method: "POST", body, redirect: "manual" });
      return { status: answer.status, text: await answer.text() };
    }, path);
    for (const { path, get, post } of facts.routes) {
      if (!path.includes("{tenant}")) continue;
      const theirs = place(path, tenant);
      const nobody = place(path, "nobody");
      for (const [does, call] of [[get, read], [post, send]]) {
        if (!does) continue;
        const answer = await call(theirs);
        equal(answer.status, 404, theirs);
        equal((await call(nobody)).text, answer.text, `${theirs} looks like a tenant that is not there`);
        asked += 1;
      }
      if (path.includes("{run}")) {
        // The number of their run under one's own name is as good as one that no run has.
        const [own, no] = [place(path, other), place(path.replace("{run}", "987654"), other)];
        for (const [does, call] of [[get, read], [post, send]]) {
          if (!does) continue;
          const [answer, none] = [await call(own), await call(no)];
          holds(answer.status >= 400 && answer.status < 500, `${own}: ${answer.status}`);
          equal(answer.status, none.status, own);
          equal(answer.text.replaceAll(/\b1\b/g, "987654"), none.text.replaceAll(/\b1\b/g, "987654"), own);
        }
      }
    }
    holds(asked >= 25, `only ${asked} were asked`);
    for (const path of ["/settings", "/settings/tokens", "/settings/hosts", "/settings/keys", "/settings/audit"]) {
      equal((await their.request.get(path)).status(), 403, path);
    }
    await eve.goto("/");
    const listed = await eve.locator("main").innerText();
    holds(listed.includes(other) && !listed.includes(tenant), `only their own tenant is listed: ${listed}`);
    equal((await their.request.get(`/tenants/${other}`)).status(), 200, "their own tenant");
    equal(await ask("compare"), { differences: [] }, "what a stranger changed");
    await their.close();
  });

  await step("whoever logs out has left, whatever the browser keeps", async () => {
    await page.goto("/");
    const kept = await session(context);
    await press(page, "Log out");
    equal((await context.cookies()).filter((one) => one.name === kept.name), [], "the cookie is taken away");
    equal(await letsIn(browser, kept), false, "the session has ended on the server");
  });
});
