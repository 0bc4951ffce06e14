// Sealing with the attempt's own key, which the server gives to the page that opens the attempt.
// The first byte tells how: 1 is AES-256-GCM by the browser, which offers it on https and localhost only.
// 2 is for plain http: HMAC-SHA-256 in counter mode, then HMAC-SHA-256 over all of it (encrypt, then authenticate).
// The server opens both: exam_engine/delivery/answer_file.py.

const utf8 = new TextEncoder();
const H = new Int32Array(8);
const K = new Int32Array(64);
const W = new Int32Array(64);

// FIPS 180-4: the first 32 bits of the fractions of the square and cube roots of the first primes.
for (let n = 2, found = 0; found < 64; n += 1) {
  let divisor = 2;
  while (n % divisor) divisor += 1;
  if (divisor === n) {
    if (found < 8) H[found] = (Math.sqrt(n) % 1) * 2 ** 32 | 0;
    K[found] = (Math.cbrt(n) % 1) * 2 ** 32 | 0;
    found += 1;
  }
}

const turn = (x, n) => (x >>> n) | (x << (32 - n));

function compress(state, bytes, start) {
  for (let i = 0; i < 16; i += 1) {
    const at = start + i * 4;
    W[i] = (bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3];
  }
  for (let i = 16; i < 64; i += 1) {
    const x = W[i - 15];
    const y = W[i - 2];
    W[i] = W[i - 16] + (turn(x, 7) ^ turn(x, 18) ^ (x >>> 3)) + W[i - 7] + (turn(y, 17) ^ turn(y, 19) ^ (y >>> 10));
  }
  let [a, b, c, d, e, f, g, h] = state;
  for (let i = 0; i < 64; i += 1) {
    const one = (h + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) + ((e & f) ^ (~e & g)) + K[i] + W[i]) | 0;
    const two = ((turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    h = g; g = f; f = e; e = (d + one) | 0;
    d = c; c = b; b = a; a = (one + two) | 0;
  }
  [a, b, c, d, e, f, g, h].forEach((word, i) => { state[i] += word; });
}

export function join(...parts) {
  const all = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) { all.set(part, at); at += part.length; }
  return all;
}

const number = (value) => new Uint8Array([value >>> 24, value >>> 16, value >>> 8, value]);

// `state` after `before` bytes; a whole number of blocks.
export function sha256(bytes, state = H, before = 0) {
  const words = Int32Array.from(state);
  const padded = new Uint8Array((bytes.length + 72) >> 6 << 6);
  padded.set(bytes);
  padded[bytes.length] = 128;
  const bits = (before + bytes.length) * 8;
  padded.set(number(Math.floor(bits / 2 ** 32)), padded.length - 8);
  padded.set(number(bits), padded.length - 4);
  for (let start = 0; start < padded.length; start += 64) compress(words, padded, start);
  const digest = new Uint8Array(32);
  words.forEach((word, i) => digest.set(number(word), i * 4));
  return digest;
}

export function hmac(key) {
  const half = (mask) => {
    const block = new Uint8Array(64).fill(mask);
    key.forEach((byte, i) => { block[i] ^= byte; });
    const state = Int32Array.from(H);
    compress(state, block, 0);
    return state;
  };
  const inner = half(0x36);
  const outer = half(0x5c);
  return (bytes) => sha256(sha256(bytes, inner, 64), outer, 64);
}

const same = (one, other) => one.length === other.length && one.reduce((rest, byte, i) => rest | (byte ^ other[i]), 0) === 0;

function byDigest(key) {
  const cipher = hmac(hmac(key)(utf8.encode("encrypt")));
  const authenticate = hmac(hmac(key)(utf8.encode("authenticate")));
  const crypt = (nonce, bytes) => {
    const result = Uint8Array.from(bytes);
    for (let start = 0; start < bytes.length; start += 32) {
      const stream = cipher(join(nonce, number(start / 32)));
      for (let i = 0; i < 32 && start + i < bytes.length; i += 1) result[start + i] ^= stream[i];
    }
    return result;
  };
  const tag = (nonce, context, bytes) => authenticate(join(nonce, number(context.length), context, bytes));
  return {
    kind: 2,
    nonce: 16,
    seal: (nonce, context, bytes) => { const box = crypt(nonce, bytes); return join(box, tag(nonce, context, box)); },
    open(nonce, context, bytes) {
      const box = bytes.subarray(0, bytes.length - 32);
      if (!same(tag(nonce, context, box), bytes.subarray(bytes.length - 32))) throw new Error("altered");
      return crypt(nonce, box);
    },
  };
}

function byBrowser(key) {
  const ready = crypto.subtle.importKey("raw", key, "AES-GCM", false, ["encrypt", "decrypt"]);
  const how = (iv, additionalData) => ({ name: "AES-GCM", iv, additionalData });
  return {
    kind: 1,
    nonce: 12,
    seal: async (nonce, context, bytes) => new Uint8Array(await crypto.subtle.encrypt(how(nonce, context), await ready, bytes)),
    open: async (nonce, context, bytes) => new Uint8Array(await crypto.subtle.decrypt(how(nonce, context), await ready, bytes)),
  };
}

export const fromHex = (text) => Uint8Array.from(text.match(/../g), (digits) => parseInt(digits, 16));
export const toHex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
const toText = (bytes) => {
  let text = "";
  for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return btoa(text);
};
const fromText = (text) => Uint8Array.from(atob(text), (character) => character.charCodeAt(0));

// `context` says what it is and must be given again to open it.
export class Box {
  constructor(hex) {
    const key = fromHex(hex);
    this.ways = [byDigest(key)];
    if (window.crypto.subtle) this.ways.unshift(byBrowser(key));
  }

  async seal(value, context) {
    const [way] = this.ways;
    const nonce = crypto.getRandomValues(new Uint8Array(way.nonce));
    const box = await way.seal(nonce, utf8.encode(context), utf8.encode(JSON.stringify(value)));
    return toText(join(new Uint8Array([way.kind]), nonce, box));
  }

  // Throws when it was altered, is something else, or belongs to another attempt.
  async open(text, context) {
    const bytes = fromText(text);
    const way = this.ways.find((one) => one.kind === bytes[0]);
    if (!way) throw new Error("kind");
    const plain = await way.open(bytes.subarray(1, 1 + way.nonce), utf8.encode(context), bytes.subarray(1 + way.nonce));
    return JSON.parse(new TextDecoder().decode(plain));
  }
}
