// Waiting for a consent to end: long polls, a countdown on the terminal, and the sentence for how it ended.
import { setTimeout } from 'node:timers/promises';
import type { ConsentJson } from '../api/wire.ts';
import { route } from './client.ts';
import { CommandError, failure } from './problem.ts';
import type { Session } from './session.ts';

/** One poll; the host answers within 60 s, and a shorter one notices a stopped host sooner. */
const POLL_SECONDS = 25;
const PAUSE_MS = 250;

/** Resolves with the consent once it is no longer pending, or as it is when the time is up. */
export async function waitForConsent(
  { out, host }: Session,
  consent: ConsentJson,
  seconds: number,
  signal: AbortSignal,
): Promise<ConsentJson> {
  const end = performance.now() + seconds * 1_000;
  const left = () => Math.max(0, Math.ceil((end - performance.now()) / 1_000));
  const show = () => out.progress(`Waiting for your consent, ${clock(left())} left. Ctrl-C cancels.`);
  const timer = setInterval(show, 1_000);
  show();
  try {
    let current = consent;
    for (let asked = 0; current.status === 'pending' && left() > 0; asked += 1) {
      // A host that answers too early must not be asked in a tight loop.
      if (asked > 0) await setTimeout(PAUSE_MS, undefined, { signal });
      const wait = Math.min(POLL_SECONDS, left());
      current = await host.call<ConsentJson>('GET', route('consents', consent.id), {
        query: { wait },
        waitSeconds: wait,
        signal,
      });
    }
    return current;
  } finally {
    clearInterval(timer);
    out.progress('');
  }
}

function clock(seconds: number): string {
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}

/** HTTP statuses of the codes a consent can end with, where they are not 409 or 502. */
const STATUS: Readonly<Record<string, number>> = { offline: 503, busy: 503, unexpected: 500, storage: 500 };

/** The error for a consent that ended without a connection. */
export function consentFailure(consent: ConsentJson): CommandError {
  if (consent.status === 'expired') {
    return failure(
      'consent_expired',
      consent.reason ?? 'The consent was not finished in time. Run the command again.',
    );
  }
  const code = consent.code ?? (consent.status === 'cancelled' ? 'consent_cancelled' : 'consent_failed');
  const own = code.startsWith('consent_') || code === 'wrong_account';
  return new CommandError({
    type: `urn:tokentray:error:${code}`,
    title: consent.status === 'cancelled' ? 'The consent was cancelled' : 'The consent did not succeed',
    status: own ? 409 : (STATUS[code] ?? 502),
    detail: consent.reason ?? 'The consent did not succeed. Run the command again.',
    code,
  });
}
