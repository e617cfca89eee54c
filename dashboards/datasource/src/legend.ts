/**
 * The one legend of colours. Boards, frames and the editor's help use it, and a test of the backend compares it with the
 * Go list; therefore the literal below is strict JSON (double quotes, no trailing commas, no comments inside).
 *
 * Unknown is grey and never green: what was not heard is not well. A colour never stands alone, the text goes with it.
 * Colours are names of Grafana's palette, which follow the theme; grey has none there, and #8e8e8e reads on both.
 */
export interface Meaning {
  text: string;
  color: string;
}

export interface Legend {
  /** States of an asset, the best first. */
  state: Record<string, Meaning>;
  /** Severities of incidents and orders, the gravest first. */
  severity: Record<string, Meaning>;
  /** States of a clock. */
  clock: Record<string, Meaning>;
  /** From which share of its window on a clock has which colour. */
  used: Array<{ from: number; color: string }>;
}

// prettier-ignore
export const legend: Legend = {
  "state": {
    "ok": { "text": "OK", "color": "green" },
    "maintenance": { "text": "Maintenance", "color": "blue" },
    "warning": { "text": "Warning", "color": "yellow" },
    "degraded": { "text": "Degraded", "color": "orange" },
    "fault": { "text": "Fault", "color": "red" },
    "unknown": { "text": "Unknown", "color": "#8e8e8e" }
  },
  "severity": {
    "life": { "text": "Life", "color": "dark-red" },
    "high": { "text": "High", "color": "red" },
    "medium": { "text": "Medium", "color": "orange" },
    "low": { "text": "Low", "color": "yellow" }
  },
  "clock": {
    "waiting": { "text": "Waiting", "color": "#8e8e8e" },
    "running": { "text": "Running", "color": "yellow" },
    "paused": { "text": "Paused", "color": "blue" },
    "met": { "text": "Met", "color": "green" },
    "breached": { "text": "Breached", "color": "red" },
    "void": { "text": "Void", "color": "#8e8e8e" }
  },
  "used": [
    { "from": 0, "color": "green" },
    { "from": 0.5, "color": "yellow" },
    { "from": 0.8, "color": "orange" },
    { "from": 1, "color": "red" }
  ]
};
