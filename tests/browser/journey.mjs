// The whole way of an administrator, from the link that makes the first user to the receipt of the uninstall; with script, and
// without.
import { accessible, ask, downloaded, equal, facts, follow, holds, over, press, scenario, step } from "./lib.mjs";

const { tenant, script } = facts;
const at = `/tenants/${tenant}`;

await scenario(
  script ? "journey" : "journey-without-script",
  async (page) => {
    const field = (name) => page.locator(`#${name}`);
    const lookedAt = () => page.locator("#looked-at strong").first();
    // The scripted way has looked at them.
    const checked = async (what) => script && accessible(page, what);

    await step("the first user", async () => {
      await page.goto(facts.link);
      if (!script) await field("secret").fill(facts.link.split("#")[1]);
      await checked("set-up");
      await field("name").fill("ada");
      await field("password").fill("a long pass-phrase");
      await press(page, "Make the user and log in");
      await page.getByRole("heading", { name: "Integrations" }).waitFor();
      await checked("no integration yet");
    });

    await step("install", async () => {
      await follow(page, "Install");
      await checked("install");
      await field("tenant").fill(tenant);
      await page.getByLabel(/this machine itself/i).check();
      await press(page, "Install");
      holds(page.url().includes(`${at}/configuration`), `installing leads to ${page.url()}`);
      await checked("a fresh configuration");
    });

    await step("a configuration with mistakes keeps what was typed", async () => {
      await field("url").fill(facts.server);
      await field("port").fill("70000");
      await field("bind-name").fill(facts.bind);
      await field("base-dn").fill(facts.base);
      await field("filter").fill("(&(objectClass=person)(mail=*)");
      if (script) await page.locator("#filter-wrong .place").waitFor();
      await press(page, "Save");
      holds((await page.locator(".notice.bad li").count()) >= 2, "both mistakes are told at once");
      for (const [name, typed] of [["url", facts.server], ["port", "70000"], ["bind-name", facts.bind], ["base-dn", facts.base]]) {
        equal(await field(name).inputValue(), typed, name);
      }
      await checked("mistakes");
      await field("port").fill("");
      await field("filter").fill("");
    });

    await step("an untrusted certificate", async () => {
      await field("password").fill(facts.password);
      await press(page, "Save and verify");
      const failed = page.locator("#verified .stages > li.failed");
      await failed.getByText("tls-unknown-issuer").first().waitFor();
      await checked("untrusted");
      await page.getByText("Seldom needed").first().click();
      await field("certificate-authority").fill(facts.authority);
    });

    await step("a wrong password", async () => {
      await field("password").fill("not the password");
      await press(page, "Save and verify");
      await page.locator("#verified").getByText("wrong-password").first().waitFor();
      await checked("wrong password");
    });

    await step("a wrong base, and the one that is detected", async () => {
      await field("password").fill(facts.password);
      await field("base-dn").fill(`ou=Nowhere,${facts.suffix}`);
      await press(page, "Save and verify");
      await page.locator("#verified").getByText("no-such-base").first().waitFor();
      await field("base-dn").fill("");
      const detect = page.getByRole("button", { name: "Detect" });
      await (script ? detect.click() : press(page, "Detect"));
      await page.getByLabel(facts.suffix, { exact: true }).check();
      if (script) equal(await field("base-dn").inputValue(), facts.suffix, "the base that was chosen");
      await checked("bases");
      await press(page, "Save and verify");
      equal(await field("base-dn").inputValue(), facts.suffix, "the base that was stored");
      await field("base-dn").fill(facts.base);
    });

    await step("verify", async () => {
      await press(page, "Save and verify");
      await page.getByRole("heading", { name: "Who would come" }).waitFor();
      equal(await page.locator("#verified .stages > li.failed").count(), 0, "stages that fail");
      await checked("verified");
    });

    await step("map, with a preview, and change the user", async () => {
      await follow(page, "Mapping");
      await page.getByText("These rules are suggested").waitFor();
      const first = await lookedAt().innerText();
      await press(page, "Next");
      holds((await lookedAt().innerText()) !== first, "another person is shown");
      await field("person").fill(facts.person.username);
      await press(page, "Show");
      equal(await lookedAt().innerText(), facts.person.dn, "the person that was looked for");
      await field("display-name").fill("{sn|upper}, {givenName}");
      if (script) await field("display-name").blur();
      else await press(page, "Apply to this person");
      await page.locator("#display-name-value").getByText(facts.person.display).waitFor();
      await checked("mapping");
      await press(page, "Submit");
      await page.getByText("The mapping is stored.").waitFor();
      equal(await field("display-name").inputValue(), "{sn|upper}, {givenName}", "the rule that is stored");
      await checked("a stored mapping");
    });

    let planned;
    await step("only plan", async () => {
      await follow(page, "Sync");
      await checked("no run yet");
      await press(page, "Only plan");
      holds((await over(page, script)).includes("waits"), "the plan waits");
      planned = new URL(page.url()).pathname;
      equal(await ask("people"), { count: 0 }, "nobody is there before the plan is applied");
      await checked("a plan that waits");
    });

    await step("look at the rows of the plan", async () => {
      await page.locator("#plan a").first().click();
      await page.getByRole("heading", { name: "People of run" }).waitFor();
      await field("person").fill(facts.person.dn);
      await press(page, "Show");
      await page.locator("td summary").first().click();
      await page.locator("dd ins").getByText(facts.person.display).waitFor();
      await checked("rows");
    });

    await step("apply", async () => {
      await page.goto(planned);
      await press(page, /^Apply: /);
      await over(page, script);
      equal(await ask("people"), { count: facts.valid }, "everybody who is valid is there");
      await checked("an applied plan");
    });

    await step("sync now changes nobody", async () => {
      await follow(page, "Sync");
      await press(page, "Sync Now");
      holds((await over(page, script)).includes("done"), "the run is done");
      const figures = await page.locator(".figures").first().innerText();
      holds(!/\bnew\b|\bchanged\b/.test(figures), `nobody changes: ${figures}`);
      equal(await ask("people"), { count: facts.valid }, "everybody is still there");
    });

    await step("a schedule that meets a change of the clocks", async () => {
      await follow(page, "Schedule");
      await checked("no schedule");
      await page.locator("input[name=frequency][value=weekly]").check();
      await page.getByLabel("Sunday").check();
      await field("start").fill("2030-03-24T02:30");
      await field("zone").fill("Europe/Berlin");
      if (!script) await press(page, "Preview");
      await page.locator("#preview").getByText("does not exist in Europe/Berlin").waitFor();
      await page.getByText("There is no schedule yet").waitFor();
      await checked("a schedule that is tried");
      await press(page, "Update schedule");
      await page.getByText("The schedule is stored.").waitFor();
      await page.getByText("does not exist in Europe/Berlin").first().waitFor();
      await checked("a schedule");
    });

    await step("the export is what the database has", async () => {
      await follow(page, "Unsynced");
      await checked("unsynced");
      const csv = await downloaded(page, "Export unsynced, exact");
      const said = await ask("unsynced", { csv });
      equal(said, { differences: [] }, "the export");
    });

    await step("why is somebody not here", async () => {
      await page.locator("table a").first().click();
      await page.getByText("From raw value to the portal").waitFor();
      await checked("explanation");
    });

    await step("undo", async () => {
      await ask("promote");
      await follow(page, "Sync");
      await press(page, "Sync Now");
      await over(page, script);
      equal(await ask("title"), { title: "Promoted" }, "the title after the sync");
      await page.getByText("Undo", { exact: true }).waitFor();
      await press(page, /^Plan to undo run/);
      holds((await over(page, script)).includes("waits"), "the undo waits");
      await checked("an undo that waits");
      equal(await ask("title"), { title: "Promoted" }, "the title before the undo is applied");
      await page.locator("#plan a").first().click();
      await page.getByText(facts.person.dn).first().waitFor();
      await page.goBack();
      await press(page, /^Apply: change 1 /);
      await over(page, script);
      equal(await ask("title"), { title: facts.person.title }, "the title after the undo");
      await checked("an undo");
    });

    await step("the pages on the way out", async () => {
      for (const name of [tenant, "People", "History", "Plugin", "Log"]) {
        await follow(page, name);
        await checked(name);
      }
    });

    await step("uninstall", async () => {
      await follow(page, "Uninstall");
      await checked("uninstall");
      await field("confirm").fill("another");
      await press(page, /^Uninstall .*, keep /);
      await page.locator("#confirm-wrong").waitFor();
      await checked("uninstall, not confirmed");
      equal(await ask("installed"), { installed: true }, "nothing was done");
      await field("confirm").fill(tenant);
      await press(page, /^Uninstall .*, keep /);
      await page.getByRole("heading", { name: `Receipt of ${tenant}` }).waitFor();
      equal(await ask("installed"), { installed: false }, "it is uninstalled");
      await checked("receipt");
    });

    await step("the receipt as a file", async () => {
      const receipt = JSON.parse(await downloaded(page, "Download as JSON"));
      const rows = await page.locator("main table tbody tr").allInnerTexts();
      const told = [...receipt.receipt.removed, ...receipt.receipt.left];
      equal(rows.length, told.length, "lines of the receipt");
      for (const { what, count } of told) {
        holds(rows.some((row) => row.includes(what) && row.includes(count.toLocaleString("en"))), `the page tells of ${what}`);
      }
      await follow(page, "To the integrations");
      await page.getByText("Nothing is installed yet").waitFor();
    });

    await step("log out", async () => {
      await press(page, "Log out");
      await page.getByRole("heading", { name: "Log in" }).waitFor();
    });
  },
  { javaScriptEnabled: script },
);
