/** What Node.js calls when a write, or an end, is over. */
export type Callback = (error?: Error | null) => void;
