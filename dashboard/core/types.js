/**
 * The shapes that travel between bridge and page, as far as the page reads them.
 *
 * @typedef {number | boolean | string | null} Value
 *
 * @typedef {object} ChannelMeta
 * @property {string} [type]
 * @property {string} [unit]
 * @property {string} [label]
 * @property {[number, number] | null} [range]
 * @property {number | null} [resolution]
 * @property {string} [group]
 * @property {string} [source]
 * @property {number | null} [period_ms]
 *
 * @typedef {object} ArgSpec
 * @property {string} [type]
 * @property {string} [unit]
 * @property {string} [label]
 * @property {number | null} [min]
 * @property {number | null} [max]
 * @property {string[]} [choices]
 * @property {Value} [default]
 *
 * @typedef {object} CommandSpec
 * @property {string} [label]
 * @property {Record<string, ArgSpec>} [args]
 * @property {boolean} [confirm]
 * @property {number} [timeout_ms]
 * @property {string} [sets]
 *
 * @typedef {object} Meta
 * @property {string} [name]
 * @property {string} [vendor]
 * @property {string} [model]
 * @property {string} [serial]
 * @property {string} [edge]
 * @property {boolean} [simulated]
 * @property {number} [stale_ms]
 * @property {string} [rev]
 * @property {Record<string, ChannelMeta>} [channels]
 * @property {Record<string, CommandSpec>} [commands]
 *
 * @typedef {object} Correction
 * @property {"none" | "poly" | "table"} [type]
 *
 * @typedef {object} Calibration
 * @property {string} id              number of the certificate
 * @property {number} [rev]
 * @property {string} [certificate]   number of a service firm's document
 * @property {string} [unit]
 * @property {string} [item]
 * @property {string} [serial]
 * @property {"ok" | "due" | "overdue" | "void" | "withdrawn"} [status]
 * @property {string} [reason]
 * @property {number | null} [from]
 * @property {number | null} [due]
 * @property {[number, number] | null} [range]   of raw values
 * @property {Correction} [correction]
 * @property {{x: number, U: number}[]} [U]
 * @property {number} [k]
 * @property {"raw" | "corrected"} [signal]
 *
 * @typedef {{id: string, kind?: string, name?: string, instrument?: string, channel?: string, due?: number | null, status?: string}} DueLine
 *
 * @typedef {"online" | "degraded" | "offline" | "lost"} Presence
 *
 * @typedef {object} Instrument
 * @property {string} name
 * @property {Meta} meta
 * @property {Presence} state
 * @property {string} reason
 * @property {number | null} ageMs   age of its newest sample as the bridge sees it
 * @property {number} clockMs        how far its clock is behind the bridge's (0 while unknown)
 * @property {Record<string, Calibration>} calibration
 *
 * @typedef {object} Problem
 * @property {string} code
 * @property {string} [message]
 *
 * @typedef {object} Mark
 * @property {number} ts             ms since the epoch
 * @property {"note" | "run" | "event" | "command"} kind
 * @property {string} text
 * @property {string} [instrument]
 * @property {string[]} [instruments]
 * @property {string} [by]
 * @property {string} [state]
 * @property {string} [run]          a run's id
 * @property {string} [event]        an event's kind
 * @property {string} [severity]
 * @property {string} [channel]
 *
 * @typedef {object} Points          columns in time order; times in ms since the epoch
 * @property {number[]} t
 * @property {number[]} lo
 * @property {number[]} hi
 */

export {};
