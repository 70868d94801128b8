// What forms and lists come to when something is wrong; the portal's own fields; what is heard while somebody types.
import { accessible, ask, equal, facts, follow, holds, logIn, over, press, scenario, step } from "./lib.mjs";

const at = `/tenants/${facts.tenant}`;

await scenario("states", async (page) => {
  const field = (name) => page.locator(`#${name}`);

  await logIn(page, facts.user, facts.password);

  await step("a field of the portal's own is mapped on the tab Custom", async () => {
    await page.goto(`${at}/mapping`);
    equal(await field("badge").isVisible(), false, "the tab before the others");
    await press(page, "Custom");
    equal(await field("badge").isVisible(), true, "the tab Custom");
    equal(await field("username").isVisible(), false, "the other tabs");
    await field("person").fill(facts.person);
    await field("badge").fill("B-{uid}");
    await field("badge").blur();
    await page.locator("#badge-value strong").getByText(`B-${facts.person}`, { exact: true }).waitFor();
    await accessible(page, "the tab Custom");
    await press(page, "Submit");
    await page.getByText("The mapping is stored.").waitFor();
    await press(page, "Custom");
    equal(await field("badge").inputValue(), "B-{uid}", "the rule that is stored");
    equal(await ask("badge"), { badge: null }, "the value before the sync");
    await page.goto(`${at}/runs`);
    await press(page, "Sync Now");
    holds((await over(page)).includes("done"), "the run is done");
    equal(await ask("badge"), { badge: `B-${facts.person}` }, "the value after the sync");
    await follow(page, "Next: the schedule");
    holds(page.url().endsWith(`${at}/schedule`), "the next step");
  });

  await step("a daily run at a time that comes twice", async () => {
    await page.locator("input[name=frequency][value=daily]").check();
    await field("start").fill("2030-10-26T02:30");
    await field("zone").fill("Europe/Berlin");
    await page.locator("#preview").getByText("comes twice in Europe/Berlin, and it runs the first time").waitFor();
    await accessible(page, "a time that comes twice");
    await field("start").fill("2030-10-26T04:30");
    await page.locator("#preview").getByText("Sun 27 Oct 2030, 04:30:00 CET").waitFor();
    equal(await page.locator("#preview").getByText("comes twice").count(), 0, "another time");
  });

  await step("a filter that is wrong as it is typed", async () => {
    await page.goto(`${at}/configuration`);
    const filter = field("filter");
    equal(await filter.getAttribute("aria-invalid"), null, "a filter that is right");
    const before = await filter.getAttribute("aria-describedby");
    await filter.fill("(&(cn=a)");
    await page.locator("#filter-wrong").waitFor();
    await page.locator("#filter[aria-invalid=true]").waitFor();
    holds((await filter.getAttribute("aria-describedby")).split(" ").includes("filter-wrong"), "what is wrong describes it");
    await accessible(page, "a filter that is wrong");
    await filter.fill("(cn=a)");
    await page.locator("#filter:not([aria-invalid])").waitFor();
    equal(await filter.getAttribute("aria-describedby"), before, "what describes it");
  });

  await step("a live preview with an error, and a summary that leads to each field", async () => {
    await page.goto(`${at}/mapping`);
    await field("display-name").fill("{sn|nonsense}");
    await field("display-name").blur();
    await page.locator("#display-name-wrong").waitFor();
    await accessible(page, "a live preview with an error");
    await press(page, "Custom");
    await field("badge").fill("{sn");
    await press(page, "Submit");
    const summary = page.locator(".notice.bad").first();
    equal(await summary.locator("a").allInnerTexts(), ["Display name"], "links");
    equal(await summary.locator("a").getAttribute("href"), "#display-name", "where the link leads");
    equal(await summary.getByRole("button").allInnerTexts(), ["Badge number, at Custom"], "fields of other tabs");
    await accessible(page, "a refused mapping");
    await summary.locator("a").click();
    equal(await page.evaluate(() => location.hash), "#display-name", "the field");
    await press(page, "Badge number, at Custom");
    equal(await field("badge").isVisible(), true, "the other field");
    equal(await field("badge").inputValue(), "{sn", "what was typed");
  });

  await step("how many are found is said once, when the typing rests", async () => {
    await page.goto(`${at}/mapping`);
    await page.evaluate(() => {
      window.said = [];
      const count = document.getElementById("found-count");
      new MutationObserver(() => window.said.push(count.textContent)).observe(count, { childList: true });
    });
    equal(await page.locator("#found[aria-live], #found [aria-live]").count(), 0, "the list itself is not read out");
    await field("person").pressSequentially(facts.person.slice(0, 3), { delay: 450 });
    await page.waitForFunction(() => window.said.length > 0);
    await page.waitForTimeout(1500);
    const said = await page.evaluate(() => window.said);
    equal(said.length, 1, `said: ${said.join(" | ")}`);
    const found = await page.locator("#found li").count();
    holds(found > 0 && said[0].startsWith(`${found} `), `${found} are found, and it says: ${said[0]}`);
    await accessible(page, "people found");
    await field("person").fill("nobody at all");
    await page.locator("#found-count").getByText("Nobody whom a sync sees").waitFor({ state: "attached" });
  });

  await step("a user who cannot be changed so", async () => {
    await page.goto("/settings");
    await page.getByText(`Change ${facts.user}`, { exact: true }).click();
    await page.getByLabel("May not log in").check();
    await press(page, `Change ${facts.user}, and end their sessions`);
    await page.getByText("last-admin").first().waitFor();
    await accessible(page, "a refused change of a user");
  });

  await step("settings that somebody else changed meanwhile", async () => {
    await page.goto(`${at}/configuration`);
    await field("guard-percent").fill("42");
    await ask("change");
    await press(page, "Save");
    await page.getByText("settings-changed").first().waitFor();
    equal(await field("guard-percent").inputValue(), "42", "what was typed");
    await accessible(page, "settings that were changed meanwhile");
  });

  await ask("down");
  await step("Detect while the directory is down", async () => {
    await page.goto(`${at}/configuration`);
    await page.getByRole("button", { name: "Detect" }).click();
    await page.locator("#detected").getByText(/connect-refused|connection-lost/).first().waitFor();
    await accessible(page, "Detect, refused");
  });

  await step("the mapping while the directory is down", async () => {
    await page.goto(`${at}/mapping`);
    await page.getByText(/connect-refused|connection-lost/).first().waitFor();
    await accessible(page, "the mapping without the directory");
  });

  await step("a run that failed, and the one that will try again", async () => {
    await page.goto(`${at}/runs`);
    await press(page, "Sync Now");
    holds((await over(page)).includes("failed"), "the run failed");
    await page.goto(`${at}/runs`);
    await page.locator("tbody .badge").getByText("waits for a host").waitFor();
    await accessible(page, "runs, one of which waits to try again");
    await page.locator("tbody th a").first().click();
    await page.getByText(/^Try 2 of what/).waitFor();
    await accessible(page, "a run that waits to try again");
    for (const path of [at, "/", "/?status=failing"]) {
      await page.goto(path);
      await page.getByText("failed, and will be tried again").first().waitFor();
      await accessible(page, path);
    }
    await page.goto("/settings/hosts");
    await page.getByRole("link", { name: "1 tenant failing" }).click();
    await page.getByRole("heading", { name: "Integrations" }).waitFor();
    equal(await page.locator("#list tbody tr").count(), 1, "those that fail");
    equal(await page.getByLabel("Status").inputValue(), "failing", "what is listed");
    await page.getByLabel("Status").selectOption("overdue");
    await press(page, "Search");
    await page.getByText("No tenant is like that").waitFor();
    await accessible(page, "no tenant is like that");
  });
  await ask("up");

  await step("the log, searched", async () => {
    await page.goto("/settings/audit");
    await page.getByLabel("Who").fill("ada");
    await page.getByLabel("What").first().fill("map");
    await press(page, "Show");
    const done = await page.locator("tbody td[data-label=What]").allInnerTexts();
    holds(done.length > 0 && done.every((one) => one === "map"), `what is found: ${done.join(", ")}`);
    await accessible(page, "the log, searched");
    await page.goto(`${at}/audit?from=nonsense`);
    await page.getByText("bad-date").first().waitFor();
    await accessible(page, "a log of no day");
  });
});
