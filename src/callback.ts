/** Node's callback of a write or an end. */
export type Callback = (error?: Error | null) => void;
