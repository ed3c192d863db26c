/** Documents: fetched with the token, then opened as a file of the browser's own. */

import { ApiError } from "../app/api.js";
import { token } from "../app/token.js";

/** @param {string} path @param {string} name the file's name when it is kept */
export async function openDocument(path, name) {
  const secret = token();
  const response = await fetch(path, { headers: secret ? { Authorization: `Bearer ${secret}` } : {} });
  if (!response.ok) {
    const body = await response.json().catch(() => null);
    throw new ApiError(body?.error?.code ?? "failed", body?.error?.message ?? `The bridge answered ${response.status}.`, response.status);
  }
  const anchor = document.createElement("a");
  anchor.href = URL.createObjectURL(await response.blob());
  anchor.download = name;
  anchor.click();
  setTimeout(() => URL.revokeObjectURL(anchor.href), 60_000);
  return response.headers.get("x-labwire-draft") === "1" ? `${name} is a draft` : `${name} is saved`;
}
