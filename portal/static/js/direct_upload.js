// One file sent directly to the store with the resumable uploads of Cloud Storage. The portal creates the session and
// receives none of the bytes. The store compares the crc32c of the whole file.
window.Straight = class {
  static TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
    for (let bit = 0; bit < 8; bit += 1) byte = byte & 1 ? (byte >>> 1) ^ 0x82f63b78 : byte >>> 1;
    return byte;
  });

  // read: the bytes of a piece; call: sends a request, and rejects with it where it did not go well.
  constructor(file, address, { read, call }) {
    Object.assign(this, { file, address, read, call, sum: 0xffffffff, summed: 0 });
  }

  // How many bytes the store keeps.
  async kept() {
    return this.#learn(await this.call("PUT", this.address, { "Content-Range": `bytes */${this.file.size}` }));
  }

  async send(from, until) {
    await this.#sum(until);
    const headers = { "Content-Range": `bytes ${from}-${until - 1}/${this.file.size}`, "Content-Type": "application/octet-stream" };
    if (until === this.file.size) headers["X-Goog-Hash"] = `crc32c=${this.#digest()}`;
    return this.#learn(await this.call("PUT", this.address, headers, this.file.slice(from, until)));
  }

  static why(status) {
    return status === 400
      ? texts.upload.damaged
      : texts.upload.expired;
  }

  async #learn(answer) {
    if (answer.status === 308) return Number((answer.getResponseHeader("Range") || "bytes=0--1").split("0-")[1]) + 1;
    await this.#sum(this.file.size);
    const stored = JSON.parse(answer.responseText).crc32c;
    if (stored && stored !== this.#digest()) throw new Error(Straight.why(400));
    return this.file.size;
  }

  // Over all bytes before a place, each once: where an earlier page sent the first of them, they are read again.
  async #sum(until) {
    const { TABLE } = Straight;
    while (this.summed < until) {
      const end = Math.min(until, this.summed + Resumable.PIECE);
      let sum = this.sum;
      for (const byte of new Uint8Array(await this.read(this.file.slice(this.summed, end)))) sum = TABLE[(sum ^ byte) & 255] ^ (sum >>> 8);
      Object.assign(this, { sum, summed: end });
    }
  }

  #digest() {
    const sum = ~this.sum;
    return btoa(String.fromCharCode(...[24, 16, 8, 0].map((bits) => (sum >>> bits) & 255)));
  }
};
