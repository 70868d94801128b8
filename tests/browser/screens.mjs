// Every screen, in its states, is accessible.
import { accessible, equal, facts, holds, logIn, press, scenario } from "./lib.mjs";

await scenario("screens", async (page) => {
  const look = async (path) => {
    const response = await page.goto(path);
    holds(response.status() < 500, `${path}: ${response.status()}`);
    holds(response.status() !== 403 || facts.barred.includes(path), `${path} is barred`);
    const size = (await response.body()).length;
    holds(size < 100_000, `${path} has ${size} bytes`);
    await accessible(page, path);
  };

  await page.goto("/login");
  await accessible(page, "log in");
  await page.getByLabel("Name").fill("nobody");
  await page.getByLabel("Password").fill("not this one either");
  await press(page, "Log in");
  await accessible(page, "refused login");
  await page.goto("/setup");
  await accessible(page, "set-up");

  await logIn(page, facts.user, facts.password);
  for (const path of facts.paths) await look(path);

  // Whoever may only look sees everything, and no button that does anything.
  await logIn(page, facts.viewer, facts.password);
  for (const path of facts.looked_at) {
    await look(path);
    const posting = page.locator('main form[method="post"] button');
    equal(await posting.allTextContents(), [], `what a viewer is offered to do at ${path}`);
  }
});
