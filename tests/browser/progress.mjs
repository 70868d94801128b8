// A run is followed to its end, though the page is loaded again and the host ends meanwhile.
import { accessible, ask, equal, facts, holds, logIn, over, press, scenario, step } from "./lib.mjs";

await scenario("progress", async (page) => {
  const words = page.locator("[data-words]");
  const number = (text) => Number(text?.replaceAll(",", "") ?? 0);
  const told = async () => number(/· ([\d,]+)/.exec(await words.innerText())?.[1]);
  const created = async () => number(await page.locator("[data-kind=create]").innerText());
  /// Waits until more were told than so many; gives how many.
  const beyond = async (count, now_of = told) => {
    const end = Date.now() + 60_000;
    for (;;) {
      const now = await now_of();
      if (now > count) return now;
      if (Date.now() > end) throw new Error(`it stays at ${now}`);
      await page.waitForTimeout(100);
    }
  };

  await logIn(page, facts.user, facts.password);
  let seen = 0;
  await step("progress is shown as it comes", async () => {
    await page.goto(`/tenants/${facts.tenant}/runs`);
    await press(page, "Sync Now");
    const bar = page.getByRole("progressbar");
    await bar.waitFor();
    const address = page.url();
    seen = await beyond(0);
    // The same document: nobody has loaded the page again.
    await page.evaluate(() => { window.same = true; });
    seen = await beyond(seen);
    const rows = await beyond(0, created);
    await beyond(rows, created);
    equal(await page.evaluate(() => window.same), true, "the page goes on by itself");
    holds((await words.innerText()).startsWith("reading the directory"), "the phase in words");
    equal(page.url(), address, "the address");
    await accessible(page, "a run under way");
  });

  await step("a page that is loaded again goes on where the run is", async () => {
    await page.reload();
    holds((await told()) >= seen, "what was done is shown at once");
    seen = await beyond(seen);
  });

  await step("a page that nobody sees gives its connection back, and goes on when it is seen", async () => {
    const closed = [];
    page.on("requestfailed", (request) => { if (request.url().endsWith("/events")) closed.push(request.url()); });
    const see = (state) => page.evaluate((state) => {
      Object.defineProperty(document, "visibilityState", { value: state, configurable: true });
      document.dispatchEvent(new Event("visibilitychange"));
    }, state);
    await see("hidden");
    const end = Date.now() + 10_000;
    while (closed.length === 0) {
      holds(Date.now() < end, "the stream is not closed");
      await page.waitForTimeout(100);
    }
    const unseen = await told();
    await page.waitForTimeout(3000);
    equal(await told(), unseen, "what a page tells that nobody sees");
    await see("visible");
    seen = await beyond(unseen);
  });

  await step("a host that ends and starts again", async () => {
    await page.evaluate(() => { window.same = true; });
    await ask("restart");
    holds((await over(page)).length > 0, "the page tells how the run ended");
    equal(await page.evaluate(() => window.same ?? false), false, "the page came again by itself");
    await accessible(page, "after the restart");
  });

  await step("a host that is killed, and the one after it", async () => {
    await ask("slow");
    await page.goto(`/tenants/${facts.tenant}/runs`);
    await page.locator("tbody tr").first().locator("th a").click();
    await over(page);
    await page.goto(`/tenants/${facts.tenant}/runs`);
    await press(page, "Sync Now");
    await beyond(0);
    const killed = page.url();
    await page.evaluate(() => { window.same = true; });
    await ask("kill");
    const status = await over(page);
    equal(page.url(), killed, "the page that is looked at");
    equal(await page.evaluate(() => window.same ?? false), false, "the page came again by itself");
    holds(status.length > 0 && !status.includes("failed"), `the run that its host left: ${status}`);
    await accessible(page, "after a kill");
  });

  await step("the work is done", async () => {
    await page.goto(`/tenants/${facts.tenant}/runs`);
    const newest = page.locator("tbody tr").first();
    await newest.locator("th a").click();
    holds((await over(page)).includes("done"), "the newest run is done");
    equal(await ask("people"), { count: facts.people }, "everybody is there");
  });
});
