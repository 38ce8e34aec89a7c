/* A lead file goes up in pieces that resume, then the ordinary form is sent with the upload's id in place of the file.
   Without this script the form takes the file itself. Needs ui.js for the CSRF token. */
"use strict";
{
  const FIRST_PIECE = 262144, LEAST_PIECE = 65536, PIECE_SECONDS = 2, REQUEST_MILLISECONDS = 20000, LONGEST_PAUSE = 20;
  const KEPT = "maxops-upload:";
  const form = document.getElementById("upload-form");
  const part = (name) => form.querySelector(`[data-part="${name}"]`);
  const fileField = form.elements.file, idField = form.elements.upload;
  const box = part("transfer"), bar = box.querySelector("progress"), title = document.title;

  /* What is going on: the file, the request under way, and how to end a pause early. */
  let current = null;

  class Refusal extends Error {}
  class Lost extends Error {
    constructor(words, page) { super(words); this.page = page || ""; }
  }
  class Cancelled extends Error {}

  /* --- words ---------------------------------------------------------------------------------------------------- */
  function sized(bytes) {
    if (bytes >= 1e9) return `${(bytes / 1e9).toFixed(2)} GB`;
    return bytes >= 1e6 ? `${Math.round(bytes / 1e6)} MB` : `${Math.ceil(bytes / 1000)} kB`;
  }

  function progressWords(here, size) {
    const [whole, unit] = sized(size).split(" ");
    const divisor = { GB: 1e9, MB: 1e6, kB: 1e3 }[unit];
    return `${unit === "GB" ? (here / divisor).toFixed(2) : Math.floor(here / divisor)} of ${whole} ${unit}`;
  }

  function timeWords(seconds) {
    if (seconds < 5) return "a few seconds left";
    if (seconds < 90) return `about ${Math.round(seconds / 5) * 5} s left`;
    return seconds < 5400 ? `about ${Math.round(seconds / 60)} min left` : `about ${Math.round(seconds / 3600)} h left`;
  }

  function fail(words) {
    const notice = part("error");
    notice.querySelector("p").textContent = words;
    notice.hidden = !words;
    if (words) notice.scrollIntoView({ block: "nearest" });
  }

  /* The countdown stands apart: a screen reader is told once that the line is gone, not every second. */
  function say(state, words, page, countdown = "") {
    box.dataset.state = state;
    part("countdown").textContent = countdown;
    const line = part("says");
    if (line.dataset.words === words) return;
    line.dataset.words = words;
    line.textContent = words;
    if (page) {
      const link = document.createElement("a");
      [link.href, link.target, link.textContent] = [page, "_blank", "Log in in a new tab"];
      line.append(" ", link);
    }
  }

  /* Nothing is shown as here before the server said so; what is under way moves the bar, not the count. */
  function draw(received, underWay) {
    const { file, rate } = current;
    const left = rate && received < file.size ? timeWords((file.size - received) / rate) : "";
    bar.value = Math.min(1, (received + underWay) / file.size);
    part("here").textContent = progressWords(received, file.size);
    part("rate").textContent = rate ? `${sized(rate)} a second` : "";
    part("left").textContent = left;
    document.title = `${Math.floor((received / file.size) * 100)} % - ${title}`;
  }

  /* --- requests -------------------------------------------------------------------------------------------------- */
  function answerOf(xhr) {
    try { return JSON.parse(xhr.responseText); } catch { return null; }
  }

  function ask(method, url, body, onProgress) {
    return new Promise((resolve, reject) => {
      const xhr = new XMLHttpRequest();
      xhr.open(method, url);
      xhr.timeout = REQUEST_MILLISECONDS;
      xhr.setRequestHeader("Accept", "application/json");
      if (method !== "GET") xhr.setRequestHeader("X-CSRFToken", csrfToken());
      if (body instanceof ArrayBuffer) xhr.setRequestHeader("Content-Type", "application/octet-stream");
      if (onProgress) xhr.upload.addEventListener("progress", (event) => onProgress(event.loaded));
      xhr.onload = () => {
        const answer = answerOf(xhr);
        if (xhr.status >= 500 && xhr.status !== 507) reject(new Lost("The server does not answer."));
        else if (!answer) reject(new Lost("Your session has ended. What has arrived stays.", form.dataset.login));
        else resolve({ status: xhr.status, answer });
      };
      xhr.onerror = xhr.ontimeout = () => reject(new Lost("Connection lost. What has arrived stays."));
      xhr.onabort = () => reject(new Cancelled());
      if (current) current.xhr = xhr;
      xhr.send(body);
    });
  }

  /* Waits, telling how long; ends early when the line is back or somebody presses the button. */
  function pause(lost, seconds) {
    return new Promise((resolve, reject) => {
      let left = seconds;
      const tick = () => {
        if (current.cancelled) { end(); reject(new Cancelled()); return; }
        say("lost", lost.message, lost.page, `Trying again in ${left} s.`);
        if (left <= 0) { end(); resolve(); }
        left -= 1;
      };
      const soon = () => { left = 0; tick(); };
      const timer = setInterval(tick, 1000);
      const end = () => { clearInterval(timer); removeEventListener("online", soon); part("again").hidden = true; };
      addEventListener("online", soon);
      part("again").hidden = false;
      current.soon = soon;
      tick();
    });
  }

  async function patiently(step) {
    for (let seconds = 1; ; seconds = Math.min(seconds * 2, LONGEST_PAUSE)) {
      try { return await step(); } catch (error) {
        if (!(error instanceof Lost)) throw error;
        await pause(error, seconds);
        say("lost", "Trying again …");
      }
    }
  }

  /* --- what this browser remembers of unfinished uploads ------------------------------------------------------------- */
  const keyOf = (file) => `${KEPT}${file.name}:${file.size}:${file.lastModified}`;

  function storage() {
    try { return window.localStorage; } catch { return null; }
  }

  function recall(file) { return storage() && storage().getItem(keyOf(file)); }
  function forget(file) { if (storage()) storage().removeItem(keyOf(file)); }
  function remember(file, id) {
    try { storage().setItem(keyOf(file), id); } catch { /* A private window: this upload cannot be resumed after a reload. */ }
  }

  function forgetEnded() {
    const open = new Set([...document.querySelectorAll("[data-unfinished]")].map((row) => row.dataset.unfinished));
    const keys = storage() ? Object.keys(storage()).filter((key) => key.startsWith(KEPT)) : [];
    for (const key of keys) if (!open.has(storage().getItem(key))) storage().removeItem(key);
  }

  /* --- the pieces ------------------------------------------------------------------------------------------------------ */
  const addressOf = (id) => `${form.dataset.uploads}${id}/`;

  async function begin(file) {
    const kept = recall(file);
    if (kept) {
      const { status, answer } = await ask("GET", addressOf(kept));
      if (status === 200 && !answer.run && answer.size === file.size) return answer;
      forget(file);
    }
    const { status, answer } = await ask("POST", form.dataset.uploads, new URLSearchParams({ name: file.name, size: file.size }));
    if (status !== 201) throw new Refusal(answer.error);
    remember(file, answer.upload);
    return answer;
  }

  async function read(file, from, size) {
    try { return await file.slice(from, from + size).arrayBuffer(); } catch {
      throw new Refusal("The file was changed or moved since it was chosen. Choose it again.");
    }
  }

  function adapt(size, most, bytes, seconds) {
    const rate = bytes / Math.max(seconds, 0.001);
    current.rate = current.rate ? current.rate * 0.7 + rate * 0.3 : rate;
    return Math.max(LEAST_PIECE, Math.min(most, size * 4, Math.round(rate * PIECE_SECONDS)));
  }

  async function sendPiece(id, file, from, size) {
    const bytes = await read(file, from, size);
    const { status, answer } = await ask("POST", `${addressOf(id)}?from=${from}`, bytes, (loaded) => draw(from, loaded));
    if (status === 200) return answer.received;
    if (status === 409 && answer.received !== from) return answer.received;
    if (status === 409) throw new Lost("Another page is sending this very file.");
    forget(file);
    throw new Refusal(answer.error || "What had arrived of this file is no longer here. Press the button once more.");
  }

  async function whereItIs(id) {
    const { status, answer } = await ask("GET", addressOf(id));
    if (status !== 200) throw new Refusal("What had arrived of this file is no longer here. Choose it again.");
    return answer.received;
  }

  async function sendAll(file) {
    const { upload, received: here, piece } = await patiently(() => begin(file));
    let received = here, size = FIRST_PIECE, unsure = false;
    current.id = upload;
    while (received < file.size) {
      draw(received, 0);
      received = await patiently(async () => {
        if (unsure) { received = await whereItIs(upload); unsure = false; draw(received, 0); }
        if (received >= file.size) return received;
        if (box.dataset.state !== "sending") say("sending", "You can change the fields below meanwhile.");
        const from = received, started = performance.now();
        unsure = true;
        const ended = await sendPiece(upload, file, from, size).catch((error) => { size = Math.max(LEAST_PIECE, size / 4); throw error; });
        unsure = false;
        size = adapt(size, piece, ended - from, (performance.now() - started) / 1000);
        return ended;
      });
    }
    draw(file.size, 0);
    return upload;
  }

  /* --- the page -------------------------------------------------------------------------------------------------------- */
  function show(isSending) {
    box.hidden = !isSending;
    part("buttons").hidden = part("zone").hidden = isSending;
    fileField.disabled = isSending;
    if (!isSending) document.title = title;
  }

  async function upload(file) {
    fail("");
    current = { file, id: "", xhr: null, rate: 0, cancelled: false, soon: null };
    part("name").textContent = `Uploading ${file.name}`;
    show(true);
    say("sending", "You can change the fields below meanwhile.");
    draw(0, 0);
    try {
      idField.value = await sendAll(file);
      say("done", `All ${sized(file.size)} are here. The check begins …`);
      current = null;
      form.submit();
    } catch (error) {
      const id = current.id;
      current = null;
      show(false);
      if (error instanceof Cancelled) await drop(file, id);
      else if (error instanceof Refusal) { fileField.value = ""; picked(); fail(error.message); }
      else throw error;
    }
  }

  async function drop(file, id) {
    forget(file);
    say("cancelled", "");
    if (id) await ask("POST", `${addressOf(id)}cancel/`).catch(() => {});
    part("picked").textContent = "Cancelled. Nothing of the file was kept.";
  }

  function faultOf(file) {
    if (!file.size) return "This file is empty. Choose the file with the leads.";
    return file.size > Number(form.dataset.limit) ? `This file has ${sized(file.size)}; at most ${form.dataset.limitWords} are taken. Upload it in several files.` : "";
  }

  async function picked() {
    const file = fileField.files[0], line = part("picked");
    idField.value = "";
    line.textContent = file ? `${file.name}, ${sized(file.size)}` : "";
    fail(file ? faultOf(file) : "");
    const kept = file && recall(file);
    if (!kept) return;
    const { status, answer } = await ask("GET", addressOf(kept)).catch(() => ({ status: 0 }));
    if (status === 200 && !answer.run && answer.received && fileField.files[0] === file) {
      line.textContent = `${file.name}: ${progressWords(answer.received, file.size)} are here already. It goes on from there.`;
    }
  }

  form.addEventListener("submit", (event) => {
    const file = fileField.files[0];
    if (!file || current) { if (current) event.preventDefault(); return; }
    event.preventDefault();
    if (!faultOf(file)) upload(file);
  });

  part("cancel").addEventListener("click", () => {
    if (!current) return;
    current.cancelled = true;
    if (current.soon) current.soon();
    if (current.xhr) current.xhr.abort();
  });
  part("again").addEventListener("click", () => current && current.soon && current.soon());
  fileField.addEventListener("change", picked);
  addEventListener("beforeunload", (event) => { if (current) event.preventDefault(); });
  addEventListener("pageshow", () => { if (!current) show(false); });

  /* --- drag and drop, anywhere on the page ------------------------------------------------------------------------------- */
  const hasFiles = (event) => [...((event.dataTransfer || {}).types || [])].includes("Files");
  const mark = (isOver) => document.body.classList.toggle("dragging", isOver);

  document.addEventListener("dragover", (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = current ? "none" : "copy";
    mark(!current);
  });
  document.addEventListener("dragleave", (event) => { if (!event.relatedTarget) mark(false); });
  document.addEventListener("drop", (event) => {
    mark(false);
    if (!hasFiles(event)) return;
    event.preventDefault();
    if (current) return;
    const { files } = event.dataTransfer;
    if (files.length > 1) { fail(`${files.length} files were dropped. Upload them one by one.`); return; }
    fileField.files = files;
    picked();
  });

  part("hint").hidden = false;
  forgetEnded();
}
