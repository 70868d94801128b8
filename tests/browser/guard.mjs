// A guard holds a plan: nothing happens before somebody approves this very plan, and never where it is thrown away.
import { accessible, ask, equal, facts, holds, logIn, over, press, scenario, step } from "./lib.mjs";

const at = `/tenants/${facts.tenant}`;

await scenario("guard", async (page) => {
  const held = async () => {
    await page.goto(`${at}/runs`);
    await press(page, "Sync Now");
    holds((await over(page)).includes("held by a guard"), "the plan is held");
    await page.getByText("A guard holds it").first().waitFor();
  };
  const inactive = async (count, what) => equal(await ask("inactive"), { count }, `inactive ${what}`);

  await logIn(page, facts.user, facts.password);
  await ask("leave");
  await step("a plan of many leavers is held", async () => {
    await held();
    await accessible(page, "a held plan");
    await inactive(0, "before the approval");
  });

  await step("another plan's digest approves nothing", async () => {
    await page.locator("input[name=digest]").evaluate((digest) => {
      digest.value = digest.value.split("").reverse().join("");
    });
    await press(page, /^Approve and apply/);
    await page.getByText("digest-mismatch").waitFor();
    await accessible(page, "a wrong digest");
    await inactive(0, "after a wrong digest");
    await page.goBack();
  });

  await step("the approval names how many, and applies them", async () => {
    await page.reload();
    await page.getByRole("link", { name: "the people" }).click();
    equal(await page.locator("tbody tr").count(), facts.leavers, "rows of the plan");
    await page.goBack();
    await press(page, `Approve and apply: change ${facts.leavers} people, deactivate ${facts.leavers} of them`);
    holds((await over(page)).includes("done"), "the plan is applied");
    await inactive(facts.leavers, "after the approval");
    equal(await page.getByRole("button", { name: /^Approve/ }).count(), 0, "buttons to approve it again");
  });

  await step("a plan that is thrown away does nothing", async () => {
    await ask("leave");
    await held();
    await press(page, /^Discard plan/);
    await page.getByText("The plan was thrown away. Nothing of it was applied.").waitFor();
    holds((await over(page)).includes("thrown away"), "it is told");
    equal(await page.getByRole("button", { name: /^(Approve|Apply|Discard)/ }).count(), 0, "buttons to go on with it");
    await accessible(page, "a discarded plan");
    await inactive(facts.leavers, "after the plan was thrown away");
  });
});
