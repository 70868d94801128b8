// Makes the README's pictures of the console, from the demo: `cargo build --release && node tests/browser/pictures.mjs`.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const root = fileURLToPath(new URL("../../", import.meta.url));
const program = process.env.ROLLCALL_BIN ?? join(root, "target/release/rollcall");
const folder = mkdtempSync(join(tmpdir(), "rollcall-pictures-"));
const PICTURES = [
  ["verify", "/tenants/demo/configuration", async (page) => {
    await page.getByRole("button", { name: "Save and verify" }).last().click();
    await page.getByText("Who would come").waitFor();
  }],
  ["mapping", "/tenants/demo/mapping"],
  ["run", "/tenants/demo/runs/3"],
  ["schedule", "/tenants/demo/schedule"],
];

const demo = spawn(program, ["--data", join(folder, "data"), "demo", "--serve", "--listen", "127.0.0.1:0"], {
  stdio: ["ignore", "pipe", "ignore"],
});
let browser;
try {
  let link;
  for await (const line of createInterface({ input: demo.stdout })) {
    link = line.match(/http:\S+\/login#\S+/)?.[0];
    if (link) break;
  }
  browser = await chromium.launch({ executablePath: process.env.ROLLCALL_CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox"] });
  const page = await browser.newPage({ viewport: { width: 1100, height: 760 }, reducedMotion: "reduce" });
  await page.goto(link);
  await page.waitForURL((url) => url.pathname === "/");
  for (const [name, path, prepare] of PICTURES) {
    await page.goto(new URL(path, page.url()).href);
    await prepare?.(page);
    await page.screenshot({ path: join(root, `host-harness/assets/pictures/${name}.png`) });
  }
} finally {
  await browser?.close();
  demo.kill();
  rmSync(folder, { recursive: true, force: true });
}
