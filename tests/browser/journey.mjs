// The whole way of an administrator, from the link that makes the first user to the receipt of the uninstall.
import { readFileSync } from "node:fs";
import { accessible, ask, equal, facts, holds, scenario } from "./lib.mjs";

const { tenant } = facts;
const at = `/tenants/${tenant}`;

async function step(page, words, work) {
  try {
    await work();
  } catch (error) {
    throw new Error(`${words}: ${error.message}`, { cause: error });
  }
}

/// Presses a button that leads to another page, or to this one again.
async function press(page, name) {
  await Promise.all([page.waitForEvent("load"), page.getByRole("button", { name, exact: true }).click()]);
}

/// Waits until the run that is shown is over; gives its badge.
async function over(page) {
  await page.locator("[data-events]").waitFor({ state: "detached", timeout: 60_000 });
  return page.locator("h1 + .badge").innerText();
}

await scenario("journey", async (page) => {
  await step(page, "the first user", async () => {
    await page.goto(facts.link);
    await page.getByLabel("Name").fill("ada");
    await page.getByLabel("Password").fill("a long pass-phrase");
    await press(page, "Make the user and log in");
    await page.getByRole("heading", { name: "Integrations" }).waitFor();
    await accessible(page, "no integration yet");
  });

  await step(page, "install", async () => {
    await page.getByRole("link", { name: "Install", exact: true }).click();
    await accessible(page, "install");
    await page.getByLabel("Tenant").fill(tenant);
    await page.getByLabel(/loopback/i).check();
    await press(page, "Install");
    await page.waitForURL(`**${at}/configuration*`);
  });

  await step(page, "a configuration with mistakes keeps what was typed", async () => {
    await page.getByLabel("Server URL").fill(facts.server);
    await page.getByLabel("Port").fill("70000");
    await page.getByLabel("Bind name").fill(facts.bind);
    await page.getByLabel("Base DN").fill(facts.base);
    await page.getByLabel("Advance Search").fill("(&(objectClass=person)(mail=*)");
    await page.getByLabel("Advance Search").blur();
    await page.locator("#filter-wrong .place").waitFor();
    await press(page, "Save");
    holds((await page.locator(".notice.bad li").count()) >= 2, "both mistakes are told at once");
    equal(await page.getByLabel("Bind name").inputValue(), facts.bind, "the bind name");
    await accessible(page, "mistakes");
    await page.getByLabel("Port").fill("");
    await page.getByLabel("Advance Search").fill("");
  });

  await step(page, "an untrusted certificate", async () => {
    await page.getByLabel("Password").fill(facts.password);
    await press(page, "Save and verify");
    await page.locator("#verified .failed").getByText(/certificate/i).first().waitFor();
    await accessible(page, "untrusted");
    await page.getByText("Seldom needed").first().click();
    await page.getByLabel("Certificate authority").fill(facts.authority);
  });

  await step(page, "a wrong password", async () => {
    await page.getByLabel("Password").fill("not the password");
    await press(page, "Save and verify");
    await page.locator("#verified").getByText("wrong-password").waitFor();
  });

  await step(page, "a wrong base, and the one that is detected", async () => {
    await page.getByLabel("Password").fill(facts.password);
    await page.getByLabel("Base DN").fill("ou=Nowhere,dc=example,dc=org");
    await press(page, "Save and verify");
    await page.locator("#verified").getByText("no-such-base").waitFor();
    await page.getByLabel("Base DN").fill("");
    await page.getByRole("button", { name: "Detect" }).click();
    await page.getByLabel(facts.suffix, { exact: true }).check();
    equal(await page.getByLabel("Base DN").inputValue(), facts.suffix, "the base that was chosen");
    await accessible(page, "bases");
    await page.getByLabel("Base DN").fill(facts.base);
  });

  await step(page, "verify", async () => {
    await press(page, "Save and verify");
    await page.getByText("Who would come").waitFor();
    holds((await page.locator("#verified .stages > li.failed").count()) === 0, "nothing fails");
    await accessible(page, "verified");
  });

  await step(page, "map, and change the user", async () => {
    await page.getByRole("link", { name: "Mapping" }).click();
    await page.getByText("suggested").first().waitFor();
    const seen = () => page.locator("#looked-at strong").innerText();
    const first = await seen();
    await press(page, "Next");
    holds((await seen()) !== first, "another person is shown");
    await page.getByLabel("Change User").fill(facts.person.username);
    await press(page, "Show");
    equal(await seen(), facts.person.dn, "the person that was looked for");
    await page.getByLabel("Display name", { exact: true }).fill("{sn|upper}, {givenName}");
    await page.getByLabel("Display name", { exact: true }).blur();
    await page.locator("#display-name-value").getByText(facts.person.display).waitFor();
    await accessible(page, "mapping");
    await press(page, "Submit");
    await page.getByText("The mapping is stored.").waitFor();
  });

  await step(page, "plan, look at it, apply it", async () => {
    await page.getByRole("link", { name: "Sync", exact: true }).click();
    await press(page, "Only plan");
    holds((await over(page)).includes("waits"), "the plan waits");
    await accessible(page, "a plan that waits");
    const run = page.url();
    await page.getByRole("link", { name: /new/ }).or(page.locator("#plan a")).first().click();
    await page.getByText(facts.person.dn).or(page.getByText("Field by field")).first().waitFor();
    await accessible(page, "rows");
    await page.goto(run);
    await press(page, /^Apply: /);
    await over(page);
  });

  await step(page, "sync now changes nobody", async () => {
    await page.goto(`${at}/runs`);
    await press(page, "Sync Now");
    await over(page);
    holds((await page.locator(".figures").innerText()).includes("unchanged"), "everybody is there");
  });

  await step(page, "the export is what the database has", async () => {
    await page.goto(`${at}/unsynced`);
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("link", { name: "Export unsynced, exact" }).click(),
    ]);
    const csv = readFileSync(await download.path(), "utf8");
    const said = await ask("unsynced", { csv });
    equal(said, { same: true }, "the export");
  });

  await step(page, "why is somebody not here", async () => {
    await page.locator("table a").first().click();
    await page.getByText("From raw value to the portal").waitFor();
    await accessible(page, "explanation");
  });
});
