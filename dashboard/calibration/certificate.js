/** What the QR code of a certificate leads to: `/cal/<number>#<first 32 digits of the record's hash>`. */

import { certificateWord } from "./words.js";

const number = decodeURIComponent(location.pathname.split("/").pop() ?? "");
const sha = location.hash.slice(1);
const put = (/** @type {string} */ id, /** @type {string} */ text) => {
  const element = document.getElementById(id);
  if (element) element.textContent = text;
};

put("title", `Certificate ${number}`);
document.documentElement.dataset.theme = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
document.getElementById("more")?.setAttribute("href", `/calibration.html#/record/${encodeURIComponent(number)}`);
ask().then(
  (answer) => {
    const { verdict, tone, about } = certificateWord(answer);
    put("verdict", verdict);
    put("about", about);
    document.getElementById("verdict")?.classList.add("verdict", tone);
  },
  (error) => put("verdict", error.message),
);

async function ask() {
  if (!/^[0-9a-f]{32}$/.test(sha)) throw new Error("The address holds no hash: scan the code on the certificate again.");
  const response = await fetch(`/api/certificates/${encodeURIComponent(number)}?sha=${sha}`);
  const body = await response.json();
  if (!response.ok) throw new Error(body.error?.message ?? `The bridge answered ${response.status}.`);
  return body;
}
