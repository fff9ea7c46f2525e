// Exchanges a token for a cookie that no script can read: the one that stands in the address behind #token=, or the one that
// is typed in. The page that was asked for comes up then.

const form = document.getElementById("form");
const field = document.getElementById("token");
const trouble = document.getElementById("trouble");

// What is before the page's own name is the part of the address that the cookie is for: a proxy may have added to it.
const folder = location.pathname.replace(/[^/]*$/, "");
const onLoginPage = location.pathname === folder + "login";

/** Goes to the page that was asked for. The address has no token in it any more. */
function proceed() {
  location.replace(onLoginPage ? folder : location.pathname + location.search);
}

/** Returns what is wrong, or nothing. */
async function logIn(token) {
  const answer = await fetch("api/v1/session", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ token, path: folder }),
  });
  if (answer.ok) return "";
  return (await answer.json().catch(() => ({}))).error ?? `The server answers ${answer.status}.`;
}

async function start() {
  const linked = new URLSearchParams(location.hash.slice(1)).get("token");
  if (linked !== null) {
    history.replaceState(null, "", location.pathname + location.search); // before anybody looks at the address
    trouble.textContent = await logIn(linked);
    if (trouble.textContent === "") return proceed();
  } else if (!onLoginPage) {
    // Somebody who has a cookie and follows a link of another site arrives without it: ask again from here.
    const answer = await fetch("api/v1/session").catch(() => null);
    const last = Number(sessionStorage.getItem("went on"));
    if (answer?.ok && Date.now() - last > 5000) {
      sessionStorage.setItem("went on", String(Date.now())); // so that it never goes round and round
      return proceed();
    }
  }
  form.hidden = false;
  field.focus();
}

form.addEventListener("submit", async (e) => {
  e.preventDefault();
  trouble.textContent = "";
  try {
    trouble.textContent = await logIn(field.value.trim());
  } catch {
    trouble.textContent = "The server cannot be reached.";
  }
  if (trouble.textContent === "") proceed();
  else field.select();
});

start();
