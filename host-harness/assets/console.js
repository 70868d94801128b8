// What the console does beyond plain pages: live progress, and the secret of the set-up link. Without it everything else works.
"use strict";

function follow(region) {
  const bar = region.querySelector("progress");
  const words = region.querySelector("[data-words]");
  const spoken = region.querySelector("[data-spoken]");
  let last = 0;
  let from = null;
  let source = null;
  const heard = (event) => {
    const now = JSON.parse(event.data);
    if (now.over) {
      source.close();
      location.reload();
      return;
    }
    if (now.status !== region.dataset.status) {
      source.close();
      location.reload();
      return;
    }
    kinds(region, now.rows);
    const told = [now.words || words.textContent.split(" · ")[0], now.done.toLocaleString("en")];
    if (now.total > 0) {
      bar.max = now.total;
      bar.value = now.done;
      told[1] += " of " + now.total.toLocaleString("en");
    } else {
      bar.removeAttribute("value");
    }
    const at = Date.now();
    if (from === null || from.phase !== now.phase || now.done < from.done) {
      from = { phase: now.phase, done: now.done, at };
    }
    const seconds = (at - from.at) / 1000;
    const rate = seconds > 1 ? (now.done - from.done) / seconds : 0;
    if (rate > 0) {
      told.push(Math.round(rate).toLocaleString("en") + " a second");
      if (now.total > now.done) {
        told.push("about " + Math.ceil((now.total - now.done) / rate) + " s to go");
      }
    }
    words.textContent = told.join(" · ");
    // Heard at most every ten seconds: whoever listens is not talked over.
    if (at - last > 10000) {
      last = at;
      spoken.textContent = told.slice(0, 2).join(", ");
    }
  };
  // A browser holds few connections to one host: whatever nobody looks at gives its own back.
  const look = () => {
    if (source) source.close();
    source = null;
    if (document.visibilityState === "hidden") return;
    source = new EventSource(region.dataset.events);
    source.addEventListener("run", heard);
  };
  document.addEventListener("visibilitychange", look);
  look();
}

// How many people of each kind the plan has so far.
function kinds(region, rows) {
  for (const one of region.querySelectorAll("[data-kind]")) {
    const of = rows.filter((row) => row.kind === one.dataset.kind);
    one.textContent = of.reduce((sum, row) => sum + row.rows, 0).toLocaleString("en");
  }
}

document.querySelectorAll("[data-events]").forEach(follow);

// The secret stands behind the #, which a browser sends to nobody.
const secret = document.querySelector("input[data-from-link]");
if (secret && location.hash.length > 1) {
  secret.value = behind();
  history.replaceState(null, "", location.pathname);
}

// What was done is told once, and verified once: not again when the page is loaded anew.
const told = new URL(location.href);
if (told.searchParams.has("done")) {
  told.searchParams.delete("done");
  told.searchParams.delete("verify");
  history.replaceState(null, "", told);
}

// What is behind the #, where that can be read.
function behind() {
  try {
    return decodeURIComponent(location.hash.slice(1));
  } catch {
    return "";
  }
}

// A refused form is a page like others, and its pieces are taken from it; of anything else it is said that it did not work.
document.addEventListener("htmx:beforeSwap", (event) => {
  const { xhr } = event.detail;
  if (xhr.status === 422) {
    event.detail.shouldSwap = true;
    event.detail.isError = false;
  }
});
// What was checked as it was typed says of its field whether it is wrong. Of who was found only the count is told, once the typing rests.
let count;
document.addEventListener("htmx:afterSettle", (event) => {
  const settled = event.target;
  if (settled.id.endsWith("-judged")) judged(settled.id.slice(0, -"-judged".length));
  if (settled.closest("#found")) {
    clearTimeout(count);
    count = setTimeout(() => {
      const found = document.querySelector("#found [data-count], #found strong");
      document.getElementById("found-count").textContent = found ? found.textContent : "";
    }, 1000);
  }
});
function judged(id) {
  const input = document.getElementById(id);
  const wrong = document.getElementById(id + "-wrong");
  const told = (input.getAttribute("aria-describedby") || "").split(" ").filter((one) => one && one !== id + "-wrong");
  if (wrong) told.push(wrong.id);
  input.closest(".field").classList.toggle("bad", Boolean(wrong));
  if (told.length > 0) input.setAttribute("aria-describedby", told.join(" "));
  else input.removeAttribute("aria-describedby");
  if (wrong) input.setAttribute("aria-invalid", "true");
  else input.removeAttribute("aria-invalid");
}

for (const failed of ["htmx:responseError", "htmx:sendError"]) {
  document.addEventListener(failed, (event) => {
    const status = event.detail.xhr ? event.detail.xhr.status : 0;
    let notice = document.getElementById("not-answered");
    if (!notice) {
      notice = document.createElement("div");
      notice.id = "not-answered";
      notice.className = "notice bad";
      notice.setAttribute("role", "alert");
      document.getElementById("main").prepend(notice);
    }
    notice.textContent = status === 401
      ? "✗ The session is over. Log in in another tab, and go on here."
      : "✗ The service did not answer this. What you typed is still here; try again, or use the buttons.";
  });
}

// A demo's link logs in whoever opens it.
const demo = document.querySelector("form[data-demo]");
if (demo && location.hash.includes(":")) {
  const [name, password] = behind().split(":");
  history.replaceState(null, "", location.pathname);
  demo.elements.name.value = name;
  demo.elements.password.value = password;
  demo.requestSubmit();
}

// Of the two ways to change the user the last one counts.
for (const [one, other] of [["person", "with-problems"], ["with-problems", "person"]]) {
  document.getElementById(one)?.addEventListener("input", () => {
    const beside = document.getElementById(other);
    if (beside) beside.value = "";
  });
}

// A base that the server offers is put into its field; whoever types there afterwards means what is typed.
document.addEventListener("change", (event) => {
  const into = event.target.dataset ? event.target.dataset.into : undefined;
  if (into) {
    document.getElementById(into).value = event.target.value;
  }
});
document.addEventListener("input", (event) => {
  const typed = document.querySelector(`[data-typed="${CSS.escape(event.target.id || "")}"]`);
  if (typed) {
    typed.checked = true;
  }
});

// The error summary is read first.
const wrong = document.querySelector("[data-focus]");
if (wrong) {
  wrong.focus();
}
