// Reads the few fields that specs need out of answers of the endpoint.

function text(answer: unknown, field: string): string {
  const value =
    typeof answer === 'object' && answer !== null ? new Map(Object.entries(answer)).get(field) : undefined;
  if (typeof value !== 'string') throw new Error(`the answer has no ${field}`);
  return value;
}

export function accessTokenOf(answer: unknown): string {
  return text(answer, 'access_token');
}

export function keyOf(answer: unknown): string {
  return text(answer, 'key');
}

/** Of the sandbox. */
export function addressOf(answer: unknown): string {
  return text(answer, 'issuer');
}
