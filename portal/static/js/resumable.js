// One file on its way by the tus protocol: piece by piece, each compared; a broken line goes on where it was. Where the
// server says so, the bytes go straight into the store, and the server only reports how they are processed.
window.Resumable = class {
  static PIECE = 8 * 1024 * 1024;
  static PATIENCE = [1, 2, 4, 8, 15, 30, 30, 30];

  // metadata: sent to the server with the file; place: address of an upload that an earlier page started;
  // onChange: called after each change.
  constructor(file, { address, token, metadata, place = "", onChange = () => {} }) {
    Object.assign(this, { file, address, token, metadata, place, onChange, offset: 0, state: "waiting", batch: "", tries: 0, arrived: false });
  }

  // Until all is kept, or it is paused, cancelled or refused. Rejects with words for a person.
  async send() {
    this.#now("sending");
    if (!this.place) await (this.beginning = this.#begin());
    else await this.#ask();
    while (this.state === "sending" && this.offset < this.file.size) await this.#piece();
    // All bytes are there: an empty piece asks for what becomes of them, also where the last answer never came.
    while (this.state === "sending" && !this.batch && (this.metadata.look !== "yes" || this.straight && !this.arrived)) await this.#piece();
    if (this.state === "sending") this.#now("kept");
  }

  pause() {
    if (this.state !== "sending") return;
    this.#now("paused");
    // A beginning is waited for: the server may have made room for the file, and must be notified if it is not needed.
    if (this.place) this.request?.abort();
  }

  async cancel() {
    this.#now("cancelled");
    if (this.place) this.request?.abort();
    else await this.beginning?.catch(() => {});
    if (this.place) await this.#call("DELETE", this.place).catch(() => {});
  }

  get id() {
    return this.place.split("/").pop();
  }

  #now(state) {
    this.state = state;
    this.onChange(this);
  }

  async #begin() {
    const text = (value) => btoa(String.fromCharCode(...new TextEncoder().encode(value)));
    const header = Object.entries({ ...this.metadata, straight: "yes" }).filter(([, value]) => value).map(([key, value]) => `${key} ${text(value)}`);
    const answer = await this.#tried(() => this.#call("POST", this.address, {
      "Upload-Length": this.file.size, "Upload-Metadata": header.join(","),
    }));
    if (!answer) return;
    this.place = answer.getResponseHeader("Location");
    this.#learn(answer);
  }

  async #ask() {
    const answer = await this.#tried(() => this.#call("HEAD", this.place));
    if (!answer) return;
    this.#learn(answer);
    if (!this.straight || this.arrived) return;
    const whole = await this.#tried(() => this.#call("PATCH", this.place, this.#headers()));
    if (whole) this.#learn(whole);
    const kept = !this.arrived && await this.#tried(() => this.straight.kept());
    if (kept || kept === 0) this.#moved(kept);
  }

  #headers() {
    return { "Upload-Offset": this.offset, "Content-Type": "application/offset+octet-stream" };
  }

  async #piece() {
    if (this.straight && this.offset < this.file.size) return this.#straightOn();
    const piece = this.file.slice(this.offset, this.offset + Resumable.PIECE);
    const headers = this.#headers();
    // Browsers compute it only for pages of this machine and of https.
    if (window.crypto?.subtle) {
      const digest = await crypto.subtle.digest("SHA-256", await this.#bytes(piece));
      headers["Upload-Checksum"] = `sha256 ${btoa(String.fromCharCode(...new Uint8Array(digest)))}`;
    }
    if (this.state !== "sending") return;
    try {
      this.#learn(await this.#call("PATCH", this.place, headers, piece));
      this.tries = 0;
    } catch (request) {
      if (this.state !== "sending") return;
      await this.#wait(request);
      await this.#ask();
      return;
    }
    // The store has the file and notifies the pipeline, which takes a moment.
    if (this.straight && !this.batch && this.state === "sending") await new Promise((done) => { setTimeout(done, 1000); });
  }

  async #straightOn() {
    try {
      this.#moved(await this.straight.send(this.offset, Math.min(this.offset + Resumable.PIECE, this.file.size)));
      this.tries = 0;
    } catch (request) {
      if (this.state !== "sending") return;
      try {
        await this.#wait(request, Straight.why(request.status));
      } catch (error) {
        await this.#call("DELETE", this.place).catch(() => {});
        throw error;
      }
      await this.#ask();
    }
  }

  async #bytes(piece) {
    try {
      return await piece.arrayBuffer();
    } catch {
      throw new Error(texts.upload.unreadable);
    }
  }

  #learn(answer) {
    const session = answer.getResponseHeader("Upload-Session");
    if (session && !this.straight) {
      this.straight = new Straight(this.file, session, { read: this.#bytes, call: (...args) => this.#request(...args) });
    }
    const offset = Number(answer.getResponseHeader("Upload-Offset"));
    this.arrived = offset === this.file.size;
    this.batch = answer.getResponseHeader("Upload-Batch") || "";
    this.#moved(this.straight && !this.arrived ? this.offset : offset);
  }

  #moved(offset) {
    this.offset = offset;
    this.onChange(this);
  }

  async #tried(call) {
    while (this.state === "sending") {
      try {
        return await call();
      } catch (request) {
        if (this.state !== "sending") return null;
        await this.#wait(request);
      }
    }
    return null;
  }

  // What passes is tried again, later and later; what never succeeds is reported.
  async #wait(request, why = "") {
    if (request.status === 401 && await globalThis.ensureSignedIn()) {
      this.token = document.querySelector("meta[name=csrf-token]").content;
      return;
    }
    const passes = request instanceof XMLHttpRequest && [0, 408, 409, 429, 460, 500, 502, 503, 504].includes(request.status);
    if (!passes) throw request instanceof XMLHttpRequest ? new Error(why || this.#why(request)) : request;
    const seconds = Resumable.PATIENCE[this.tries++];
    if (seconds === undefined) {
      this.tries = 0;
      this.#now("broken");
      return;
    }
    this.again = seconds;
    this.onChange(this);
    await new Promise((done) => {
      const timer = setTimeout(done, seconds * 1000);
      window.addEventListener("online", () => { clearTimeout(timer); done(); }, { once: true });
    });
    this.again = 0;
  }

  #why(request) {
    try {
      return JSON.parse(request.responseText).detail;
    } catch {
      return request.status === 404 ? texts.upload.expired : texts.upload.failed;
    }
  }

  #call(method, address, headers = {}, body = null) {
    const ours = { "Tus-Resumable": "1.0.0", "X-CSRFToken": this.token, Accept: "application/json" };
    return this.#request(method, address, { ...ours, ...headers }, body);
  }

  #request(method, address, headers, body = null) {
    return new Promise((done, failed) => {
      const request = this.request = new XMLHttpRequest();
      const before = this.offset;
      request.upload.addEventListener("progress", (event) => { if (body) { this.sent = before + event.loaded; this.onChange(this); } });
      request.addEventListener("load", () => { this.sent = 0; (request.status < 300 || request.status === 308 ? done : failed)(request); });
      for (const end of ["error", "abort", "timeout"]) request.addEventListener(end, () => { this.sent = 0; failed(request); });
      request.open(method, address);
      for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
      request.send(body);
    });
  }
};
