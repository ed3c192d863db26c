/** Pieces that several views share. */

import { html } from "htm/preact";
import { useEffect, useState } from "preact/hooks";
import { changed, get, session } from "../store.js";

/**
 * What a path answers: fetched when the view comes, and again when something may have changed.
 * @template T
 * @param {string} path @returns {{data: T | null, problem: string}}
 */
export function useFetched(path) {
  const [state, setState] = useState(/** @type {{data: T | null, problem: string}} */ ({ data: null, problem: "" }));
  const turn = changed.value;
  const open = session.value.phase === "open";
  useEffect(() => {
    if (!open) return undefined;
    let wanted = true;
    get(path).then(
      (data) => wanted && setState({ data, problem: "" }),
      (error) => wanted && setState((old) => ({ data: old.data, problem: error.message })),
    );
    return () => {
      wanted = false;
    };
  }, [path, turn, open]);
  return state;
}

/** @param {{problem: string}} props */
export const Problem = ({ problem }) => (problem ? html`<p class="notice bad" role="alert">${problem}</p>` : null);

/** An icon and a word with its colour. @param {{icon: string, tone: string, word: string}} props */
export const Mark = ({ icon, tone, word }) => html`<span class=${`verdict ${tone}`}><span aria-hidden="true">${icon}</span> ${word}</span>`;
