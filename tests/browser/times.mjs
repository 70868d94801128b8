// The README's times of pages: of a tenant of 100,000 people on the demo directory, the median of nine first bytes.
// `cargo build --release && node tests/browser/times.mjs`; ROLLCALL_BENCH_PEOPLE changes its size.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../", import.meta.url));
const program = process.env.ROLLCALL_BIN ?? join(root, "target/release/rollcall");
const people = process.env.ROLLCALL_BENCH_PEOPLE ?? "100000";
const folder = mkdtempSync(join(tmpdir(), "rollcall-times-"));
const tenant = "/tenants/demo";
const PAGES = [
  ["integrations", "/"],
  ["the tenant", tenant],
  ["connection", `${tenant}/configuration`],
  ["mapping, which asks the directory", `${tenant}/mapping`],
  ["runs", `${tenant}/runs`],
  ["a run", `${tenant}/runs/2`],
  ["its people, from the middle", `${tenant}/runs/2/rows?kind=create&after=50000`],
  ["its people, by a part of the name", `${tenant}/runs/2/rows?person=wei`],
  ["unsynced", `${tenant}/unsynced`],
  ["people", `${tenant}/people`],
  ["schedule", `${tenant}/schedule`],
  ["history", `${tenant}/history`],
  ["uninstall", `${tenant}/uninstall`],
  ["why this person?, which searches the directory", `${tenant}/person?person=wei.zhuge18`],
];

function ask(url, options = {}, body = "") {
  return new Promise((resolve, reject) => {
    const begun = performance.now();
    const asked = request(url, options, (response) => {
      const took = performance.now() - begun;
      let size = 0;
      response.on("data", (piece) => { size += piece.length; });
      response.on("end", () => resolve({ status: response.statusCode, headers: response.headers, took, size }));
    });
    asked.on("error", reject);
    asked.end(body);
  });
}

const demo = spawn(program, ["--data", join(folder, "data"), "demo", "--people", people, "--serve", "--listen", "127.0.0.1:0"], {
  stdio: ["ignore", "pipe", "ignore"],
});
try {
  let link;
  for await (const line of createInterface({ input: demo.stdout })) {
    link = line.match(/(http:\S+)\/login#(\w+):(\w+)/);
    if (link) break;
  }
  const [, base, name, password] = link;
  const headers = { "content-type": "application/x-www-form-urlencoded", "sec-fetch-site": "same-origin" };
  const login = await ask(`${base}/login`, { method: "POST", headers }, new URLSearchParams({ name, password }).toString());
  const cookie = login.headers["set-cookie"][0].split(";")[0];
  console.log(`| page, for ${Number(people).toLocaleString("en")} people | first byte, ms | bytes |\n|---|---|---|`);
  for (const [words, path] of PAGES) {
    const answers = [];
    for (let time = 0; time < 9; time += 1) {
      const answer = await ask(base + path, { headers: { cookie } });
      if (answer.status !== 200) throw new Error(`${path}: ${answer.status}`);
      answers.push(answer);
    }
    answers.sort((one, other) => one.took - other.took);
    console.log(`| ${words} | ${answers[4].took.toFixed(1)} | ${answers[4].size.toLocaleString("en")} |`);
  }
} finally {
  demo.kill();
  rmSync(folder, { recursive: true, force: true });
}
