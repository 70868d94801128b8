// What others wrote, in the directory, in addresses and in forms, is shown as text on every screen.
import { ask, equal, facts, follow, holds, logIn, over, press, scenario, step } from "./lib.mjs";

const { payloads, tenant } = facts;
const at = `/tenants/${tenant}`;
const all = payloads.join(" ");
/// What any page takes from its address.
const ASKED = ["q", "kind", "outcome", "reason", "person", "code", "done", "next", "tenant", "confirm"];
const COUNTED = ["skip", "after", "days"];

/// Nothing of the page was made of what somebody wrote.
async function clean(page, where) {
  // The page of a run comes again by itself until it is over.
  if (/\/runs\/\d+$/.test(new URL(page.url()).pathname)) await over(page);
  const made = await page.evaluate(() => {
    const wrong = [...document.querySelectorAll('img, iframe, object, embed, base, script:not([src^="/assets/"]), style')];
    for (const one of document.querySelectorAll("*")) {
      for (const { name, value } of one.attributes) {
        const runs = name.startsWith("on") || (["href", "src", "action", "formaction"].includes(name) && /^\s*javascript:/i.test(value));
        if (runs) wrong.push(one);
      }
    }
    return wrong.map((one) => one.outerHTML.slice(0, 200));
  });
  equal(made, [], `made by what somebody wrote, on ${where}`);
}

/// Goes somewhere, as somebody who has logged in.
async function open(page, path) {
  await page.goto(path);
  if (new URL(page.url()).pathname === "/login" && !path.startsWith("/login")) {
    await logIn(page, facts.user, facts.password);
    await page.goto(path);
  }
}

/// What is read on the page, with what stands in its fields.
async function read(page) {
  return page.evaluate(() => {
    const fields = [...document.querySelectorAll("input, textarea")].map((field) => field.value);
    return [document.body.innerText, ...fields].join("\n");
  });
}

await scenario("hostile", async (page) => {
  await logIn(page, facts.user, facts.password);

  await step("every screen shows the directory's values as text", async () => {
    const wanted = new Map(facts.showing.map((path) => [path, new Set(payloads)]));
    for (const path of [...facts.paths, ...facts.showing]) {
      await open(page, path);
      await page.locator("details").evaluateAll((all) => all.forEach((one) => { one.open = true; }));
      await clean(page, path);
      const text = await read(page);
      for (const payload of payloads) if (text.includes(payload)) wanted.get(path)?.delete(payload);
    }
    const unseen = [...wanted].filter(([, left]) => left.size > 0).map(([path, left]) => [path, ...left]);
    equal(unseen, [], "not shown as they are written");
  });

  await step("the preview of the mapping shows them as text", async () => {
    await open(page, `${at}/mapping`);
    for (const { id, payload } of facts.people) {
      await page.locator("#person").fill(id);
      await press(page, "Show");
      await page.locator("#display-name-value strong").getByText(payload, { exact: true }).waitFor({ state: "attached" });
      await clean(page, `the preview of ${payload}`);
    }
  });

  await step("a plan shows them as text", async () => {
    await ask("exchange");
    await open(page, `${at}/runs`);
    await press(page, "Only plan");
    await over(page);
    await clean(page, "a plan");
    await page.locator("#plan a").first().click();
    await page.getByRole("heading", { name: "People of run" }).waitFor();
    const text = await page.locator("main").evaluate((main) => {
      main.querySelectorAll("details").forEach((one) => { one.open = true; });
      return main.innerText;
    });
    for (const payload of payloads) holds(text.includes(payload), `the rows show ${payload}`);
    await clean(page, "rows of the plan");
  });

  await step("an address is text", async () => {
    for (const path of [...facts.paths, "/login", "/setup", "/install"]) {
      for (const names of [ASKED, COUNTED]) {
        const asked = new URLSearchParams(names.map((name) => [name, all]));
        await open(page, `${path}?${asked}`);
        await clean(page, `${path} with ${names}`);
      }
    }
    for (const payload of payloads) {
      const written = encodeURIComponent(payload);
      for (const path of [`/tenants/${written}`, `${at}/runs/${written}`, `${at}/${written}`, `/${written}`]) {
        await open(page, path);
        await clean(page, path);
      }
    }
  });

  await step("what is typed while the page listens is text", async () => {
    const heard = (path) => page.waitForResponse((response) => new URL(response.url()).pathname === path && response.request().resourceType() !== "document");
    for (const payload of payloads) {
      await open(page, `${at}/configuration`);
      for (const name of ["filter", "base-dn"]) {
        await Promise.all([heard(`${at}/configuration/check`), page.locator(`#${name}`).fill(payload)]);
        await clean(page, `${name} as it is typed`);
      }
      await open(page, `${at}/mapping`);
      const display = page.locator("#display-name");
      await display.fill(payload);
      await Promise.all([heard(`${at}/mapping`), display.blur()]);
      await clean(page, "a rule as it is typed");
      await Promise.all([heard(`${at}/mapping/find`), page.locator("#person").fill(payload)]);
      await page.locator("#found").locator("li, p").first().waitFor();
      await clean(page, "people found as somebody types");
      await open(page, `${at}/schedule`);
      await Promise.all([heard(`${at}/schedule/preview`), page.locator("#zone").fill(payload)]);
      await clean(page, "a zone as it is typed");
      await open(page, "/");
      await Promise.all([heard("/"), page.locator("#q").fill(payload)]);
      await clean(page, "a search as it is typed");
    }
  });

  await step("every field of every form is text", async () => {
    let sent = 0;
    for (const path of [...facts.forms, "/setup", "/login"]) {
      await open(page, path);
      const buttons = await page.locator("main form button").allTextContents();
      for (const [nth, name] of buttons.entries()) {
        // Whoever does this would lose the way in.
        if (name.includes(facts.user)) continue;
        for (const hidden of [false, true]) {
          await open(page, path);
          const button = page.locator("main form button").nth(nth);
          if ((await button.count()) === 0 || (await button.isDisabled())) continue;
          const came = page.waitForEvent("load");
          await button.evaluate((button, { text, hidden }) => {
            const form = button.form;
            form.noValidate = true;
            for (const field of form.elements) {
              if (field.tagName === "SELECT") {
                for (const one of field.options) one.value = text;
              } else if (field.type === "checkbox" || field.type === "radio") {
                if (hidden) field.value = text;
              } else if (field.tagName !== "BUTTON" && field.tagName !== "FIELDSET" && (hidden || field.type !== "hidden")) {
                if (field.tagName === "INPUT" && field.type !== "hidden") field.type = "text";
                field.value = text;
              }
            }
            form.requestSubmit(button);
          }, { text: all, hidden });
          await came;
          await clean(page, `${path}, ${name}, ${hidden ? "everything" : "what is typed"}`);
          sent += 1;
        }
      }
    }
    holds(sent >= 40, `only ${sent} forms were sent`);
  });

  await step("the log of all that shows it as text", async () => {
    for (const path of [`${at}/audit`, "/settings/audit"]) {
      await open(page, path);
      await clean(page, path);
    }
    await open(page, "/");
    await follow(page, tenant);
    await clean(page, "the tenant");
  });
});
