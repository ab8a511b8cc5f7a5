// What stands in a token: whether its time is right, what is known of its signature, its claims and its header.
import { useNow } from '../../clock.ts';
import { Dot } from '../../ui/dot.tsx';
import type { Tone } from '../../ui/tone.ts';
import { type Entry, entriesOf } from './claims.ts';
import type { JwtReading, SignatureState } from './jwt.ts';
import styles from './reading.module.css';

type Read = Extract<JwtReading, { ok: true }>;

const SIGNATURE: Readonly<Record<SignatureState, { readonly tone: Tone; readonly sentence: string }>> = {
  'not-checked': {
    tone: 'quiet',
    sentence: "Signature not checked: the keys are the provider's, and nothing left this machine.",
  },
  none: {
    tone: 'bad',
    sentence:
      'Not signed: its header names no algorithm (alg none). Anybody can have written this; do not trust it.',
  },
  missing: {
    tone: 'bad',
    sentence: 'The signature is missing, though the header names an algorithm. The token was cut or changed.',
  },
};

export function Reading({ reading }: { readonly reading: Read }) {
  const now = useNow();
  const claims = entriesOf(reading.claims, now);
  const signature = SIGNATURE[reading.signature];
  return (
    <>
      <ul className={styles.verdicts} aria-label="State of the token">
        <Verdict {...lifeOf(claims)} />
        <Verdict {...signature} />
      </ul>
      <Part title="Claims" entries={claims} />
      <Part title="Header" entries={entriesOf(reading.header, now)} />
    </>
  );
}

function Verdict({ tone, sentence }: { readonly tone: Tone; readonly sentence: string }) {
  return (
    <li className={styles.verdict}>
      <Dot tone={tone} />
      <span>{sentence}</span>
    </li>
  );
}

function lifeOf(claims: readonly Entry[]): { tone: Tone; sentence: string } {
  const times = claims.flatMap(({ time }) => (time === undefined ? [] : [time]));
  const bar = times.find((time) => time.bars);
  if (bar !== undefined) return { tone: 'bad', sentence: `Not valid now: it ${bar.relative}.` };
  const end = claims.find(({ name }) => name === 'exp')?.time;
  return end === undefined
    ? { tone: 'quiet', sentence: 'It has no end: there is no exp claim with a time.' }
    : { tone: 'fresh', sentence: `Its time is right: it ${end.relative}.` };
}

function Part({ title, entries }: { readonly title: string; readonly entries: readonly Entry[] }) {
  return (
    <section className={styles.part}>
      <h2 className={styles.title}>{title}</h2>
      {entries.length === 0 && <p className={styles.meaning}>Empty.</p>}
      <dl className={styles.entries}>
        {entries.map((entry) => (
          <div key={entry.name} className={styles.entry}>
            <dt className={styles.name}>
              <code>{entry.name}</code>
              {entry.meaning !== undefined && <span className={styles.meaning}>{entry.meaning}</span>}
            </dt>
            <dd className={styles.value}>
              <Value {...entry} />
            </dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

function Value({ time, value }: Entry) {
  if (time === undefined) return <code className={styles.text}>{value}</code>;
  return (
    <>
      <time dateTime={time.iso} title={time.exact} className={time.bars ? styles.bars : undefined}>
        {time.local}, {time.relative}
      </time>{' '}
      <code className={styles.meaning}>{value}</code>
    </>
  );
}
