// What the console does beyond plain pages: live progress, and the secret of the set-up link. Without it everything else works.
"use strict";

function follow(region) {
  const bar = region.querySelector("progress");
  const words = region.querySelector("[data-words]");
  const spoken = region.querySelector("[data-spoken]");
  let last = 0;
  let from = null;
  const source = new EventSource(region.dataset.events);
  source.addEventListener("run", (event) => {
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
    const told = [now.phase || now.status, now.done.toLocaleString()];
    if (now.total > 0) {
      bar.max = now.total;
      bar.value = now.done;
      told[1] += " of " + now.total.toLocaleString();
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
      told.push(Math.round(rate).toLocaleString() + " a second");
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
  });
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
