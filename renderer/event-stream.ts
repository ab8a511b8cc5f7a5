// Reads a body as server-sent events (HTML standard 9.2.6): id, event and data; comments only prove that it lives.

export interface ServerEvent {
  readonly id: string | undefined;
  readonly type: string;
  readonly data: string;
}

/** Resolves when the stream ends, rejects when it breaks. `heard`: bytes came, whatever they were. */
export async function readServerEvents(
  body: ReadableStream<Uint8Array>,
  heard: () => void,
  listener: (event: ServerEvent) => void,
): Promise<void> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let rest = '';
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    heard();
    const parts = (rest + decoder.decode(value, { stream: true })).split('\n\n');
    rest = parts.pop() ?? '';
    for (const part of parts) {
      const event = parse(part);
      if (event !== undefined) listener(event);
    }
  }
}

function parse(part: string): ServerEvent | undefined {
  const fields = new Map<string, string>();
  for (const line of part.split('\n')) {
    const colon = line.indexOf(':');
    if (colon > 0) fields.set(line.slice(0, colon), line.slice(colon + 1).replace(/^ /, ''));
  }
  const data = fields.get('data');
  if (data === undefined) return undefined;
  return { id: fields.get('id'), type: fields.get('event') ?? 'message', data };
}
