// Every screen, in its states, is accessible.
import { accessible, facts, holds, logIn, scenario } from "./lib.mjs";

await scenario("screens", async (page) => {
  await page.goto("/login");
  await accessible(page, "log in");
  await page.getByLabel("Name").fill("nobody");
  await page.getByLabel("Password").fill("not this one either");
  await page.getByRole("button", { name: "Log in" }).click();
  await accessible(page, "refused login");
  await page.goto("/setup");
  await accessible(page, "set-up");
  await logIn(page, facts.user, facts.password);
  for (const path of facts.paths) {
    const response = await page.goto(path);
    holds(response.status() < 500, `${path}: ${response.status()}`);
    const size = (await response.body()).length;
    holds(size < 100_000, `${path} has ${size} bytes`);
    await accessible(page, path);
  }
});
