// The program behind the page.

// Fault is an error that the program answered with.
export class Fault extends Error {
  constructor(status, body) {
    super(body.error ?? `the program answered ${status}`);
    this.status = status;
    this.body = body;
  }
}

async function answer(response) {
  if (!response.ok) {
    const text = await response.text();
    let body;
    try { body = JSON.parse(text); } catch { body = { error: text.trim() }; }
    throw new Fault(response.status, body);
  }
  return response;
}

async function send(path, init) {
  try {
    return await answer(await fetch(path, init));
  } catch (e) {
    if (e instanceof Fault || e.name === "AbortError") throw e;
    throw new Error("the program does not answer: it may have ended; start it again and reload this page");
  }
}

export async function get(path, signal) {
  return (await send(path, { signal })).json();
}

export async function post(path, body, signal) {
  return (await postRaw(path, body, signal)).json();
}

// postRaw sends a value and returns the response. A change of the notebook is
// sent to its end even when the window is closed meanwhile.
export function postRaw(path, body, signal) {
  const text = JSON.stringify(body);
  return send(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: text, signal, keepalive: path === "/api/edit" && text.length < 50000 });
}

// upload sends a file and tells how much of it is sent.
export function upload(file, progress) {
  return new Promise((resolve, reject) => {
    const x = new XMLHttpRequest();
    x.open("POST", "/api/upload?name=" + encodeURIComponent(file.name));
    x.upload.onprogress = (e) => progress(e.loaded / Math.max(1, e.total));
    x.onerror = () => reject(new Error(`${file.name}: the program does not take it`));
    x.onload = () => {
      let body;
      try { body = JSON.parse(x.responseText); } catch { body = { error: x.responseText }; }
      if (x.status === 200) resolve(body);
      else reject(new Fault(x.status, body));
    };
    x.send(file);
  });
}

// listen calls handlers by the event's name; hello comes whenever the
// connection is made anew.
export function listen(handlers) {
  const source = new EventSource("/api/events");
  for (const [name, fn] of Object.entries(handlers)) {
    source.addEventListener(name, (e) => fn(JSON.parse(e.data)));
  }
  source.onerror = () => handlers.lost?.();
  return source;
}

// saveFile hands a file to the person, by the browser's own download.
export async function saveFile(response, name) {
  const url = URL.createObjectURL(await response.blob());
  const a = document.createElement("a");
  a.href = url;
  a.download = name;
  a.click();
  setTimeout(() => URL.revokeObjectURL(url), 60000);
}
