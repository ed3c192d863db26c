/**
 * The WebSocket to the bridge: connects, says hello, reconnects with growing pauses, hands messages on.
 *
 * It knows nothing of their meaning. A refusal (4401, 4403) or an unknown protocol ends the attempts; everything else
 * is tried again until it works. A link that stays silent for SILENCE_MS is given up and made anew.
 *
 * @typedef {object} Handlers
 * @property {(message: any) => void} message
 * @property {(frame: ReturnType<typeof decodeFrame>) => void} frame
 * @property {() => void} connecting
 * @property {(down: {code: number, reason: string, retryAt: number}) => void} down   retryAt 0: given up
 */

import { decodeFrame } from "../core/frames.js";
import { token } from "./token.js";

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 10_000;
const SILENCE_MS = 20_000;
const REFUSED = new Set([4401, 4403]);

export class Bus {
  /** @type {WebSocket | null} */
  #socket = null;
  #timer = 0;
  #watchdog = 0;
  #attempts = 0;

  /** @param {string} url @param {Handlers} handlers */
  constructor(url, handlers) {
    this.url = url;
    this.handlers = handlers;
  }

  /** Connects now, whatever was planned. */
  connect() {
    clearTimeout(this.#timer);
    this.#drop();
    this.handlers.connecting();
    const socket = new WebSocket(this.url, "labwire.v1");
    socket.binaryType = "arraybuffer";
    socket.onopen = () => this.#hello();
    socket.onmessage = (event) => this.#receive(event.data);
    socket.onclose = (event) => this.#closed(socket, event);
    this.#socket = socket;
    this.#expect(SILENCE_MS);
  }

  /** True if it went out. @param {object} message */
  send(message) {
    if (this.#socket?.readyState !== WebSocket.OPEN) return false;
    this.#socket.send(JSON.stringify(message));
    return true;
  }

  /** Ends the connection for good (another protocol, for example). */
  stop() {
    clearTimeout(this.#timer);
    this.#drop();
  }

  #hello() {
    const secret = token();
    this.send(secret ? { op: "hello", token: secret } : { op: "hello" });
  }

  /** @param {string | ArrayBuffer} data */
  #receive(data) {
    this.#expect(SILENCE_MS);
    if (typeof data !== "string") return this.handlers.frame(decodeFrame(data));
    const message = JSON.parse(data);
    if (message.op === "welcome") this.#attempts = 0;
    this.handlers.message(message);
  }

  /** @param {number} ms */
  #expect(ms) {
    clearTimeout(this.#watchdog);
    this.#watchdog = window.setTimeout(() => this.#silent(), ms);
  }

  #silent() {
    const socket = this.#socket;
    this.#drop();
    if (socket) this.#down(4000, "The bridge has been silent for too long.");
  }

  #drop() {
    clearTimeout(this.#watchdog);
    const socket = this.#socket;
    this.#socket = null;
    socket?.close();
  }

  /** @param {WebSocket} socket @param {CloseEvent} event */
  #closed(socket, event) {
    if (socket !== this.#socket) return;
    this.#drop();
    this.#down(event.code, event.reason);
  }

  /** @param {number} code @param {string} reason */
  #down(code, reason) {
    if (REFUSED.has(code)) return this.handlers.down({ code, reason, retryAt: 0 });
    const pause = Math.min(FIRST_PAUSE_MS * 2 ** this.#attempts++, LONGEST_PAUSE_MS) * (0.8 + 0.4 * Math.random());
    this.#timer = window.setTimeout(() => this.connect(), pause);
    this.handlers.down({ code, reason, retryAt: Date.now() + pause });
  }
}
