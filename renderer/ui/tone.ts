// The colours of a state. A word beside it always says the same.
export type Tone = 'fresh' | 'warn' | 'bad' | 'quiet';
