// Bounded reading of JSON that comes from a provider: size is capped by the HTTP port, depth here.
import { LIMITS } from '../limits.ts';

/** The JSON object in `body`, or undefined when it is not UTF-8, not JSON, not an object or nested too deeply. */
export function readJsonObject(body: Uint8Array): Record<string, unknown> | undefined {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(body);
  } catch {
    // No error: text of a provider that is not UTF-8 is as good as none; the caller says what was expected.
    return undefined;
  }
  if (!isShallow(text, LIMITS.jsonDepth)) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    // No error: the same of what is not JSON.
    return undefined;
  }
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** True when brackets outside strings never nest deeper than `max`. Runs before JSON.parse, so it trusts nothing. */
export function isShallow(text: string, max: number): boolean {
  let depth = 0;
  let inString = false;
  for (let index = 0; index < text.length; index += 1) {
    const character = text.charCodeAt(index);
    if (inString) {
      if (character === 0x5c) index += 1;
      else if (character === 0x22) inString = false;
      continue;
    }
    if (character === 0x22) inString = true;
    else if (character === 0x7b || character === 0x5b) {
      depth += 1;
      if (depth > max) return false;
    } else if (character === 0x7d || character === 0x5d) depth -= 1;
  }
  return true;
}
