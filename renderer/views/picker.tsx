// The quick picker, a small window of the tray: type, arrows choose, Enter copies (or asks for the consent that is
// missing), Escape closes. Opened with `?connection=ID&format=header`, that one is at hand. Nothing of a token is ever here:
// the host copies.
import { useMutation, useQuery } from '@tanstack/react-query';
import { type KeyboardEvent, useEffect, useId, useMemo, useState } from 'react';
import type { ConnectionJson } from '../../api/wire.ts';
import { api, type CopyFormat } from '../api.ts';
import { useNow } from '../clock.ts';
import { connect } from '../consents.ts';
import { copyByHost } from '../copy-token.ts';
import { sentenceOf } from '../problem.ts';
import { queries } from '../queries.ts';
import { lookOf, needsConsent } from '../text/connection-words.ts';
import { classNames } from '../ui/class-names.ts';
import { Tile } from '../ui/tile.tsx';
import { notify } from '../ui/toast.tsx';
import { findConnections, sortConnections } from './connections/rows.ts';
import styles from './picker.module.css';

/** What the tray opened it for, if anything. */
function readWish(): { readonly id: string | null; readonly format: CopyFormat } {
  const given = new URLSearchParams(location.search);
  return { id: given.get('connection'), format: given.get('format') === 'header' ? 'header' : 'token' };
}

/** More than fit: whoever looks for another one types on. */
const SHOWN = 50;

export function Picker() {
  const { data: connections = [], error, isPending } = useQuery(queries.connections);
  const [wish] = useState(readWish);
  const [wanted, setWanted] = useState('');
  const [at, setAt] = useState(0);
  const now = useNow();
  const listId = useId();
  const sorted = useMemo(() => sortConnections(connections), [connections]);
  const found = useMemo(() => {
    const all = findConnections(sorted, wanted);
    const wished = wanted === '' ? all.filter(({ id }) => id === wish.id) : [];
    return [...wished, ...all.filter((one) => !wished.includes(one))].slice(0, SHOWN);
  }, [sorted, wanted, wish]);
  const here = Math.min(at, found.length - 1);
  const pick = useMutation({
    mutationFn: async (connection: ConnectionJson) => {
      const { provider, account } = connection;
      const done = needsConsent(connection, Date.now())
        ? (await connect({ provider, account })) !== undefined
        : await copyByHost(connection, connection.id === wish.id ? wish.format : 'token');
      if (done) closePicker();
    },
  });
  const choose = (connection: ConnectionJson | undefined): void => {
    if (connection !== undefined && !pick.isPending) pick.mutate(connection);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === 'ArrowDown') setAt(Math.min(here + 1, found.length - 1));
    else if (event.key === 'ArrowUp') setAt(Math.max(here - 1, 0));
    else if (event.key === 'Enter') choose(found[here]);
    else return;
    event.preventDefault();
  };
  const optionId = (place: number): string => `${listId}-${place}`;
  useEffect(() => {
    document.getElementById(optionId(here))?.scrollIntoView({ block: 'nearest' });
  });
  return (
    <main className={styles.picker}>
      <h1 className="silent">Copy a token</h1>
      <input
        className={styles.input}
        role="combobox"
        aria-label="Find a connection"
        aria-expanded="true"
        aria-controls={listId}
        aria-activedescendant={found.length === 0 ? undefined : optionId(here)}
        placeholder="Find a connection"
        autoComplete="off"
        spellCheck={false}
        // biome-ignore lint/a11y/noAutofocus: the window opens for this one field
        autoFocus
        value={wanted}
        onChange={(event) => {
          setWanted(event.target.value);
          setAt(0);
        }}
        onKeyDown={onKeyDown}
      />
      <div id={listId} className={styles.list} role="listbox" aria-label="Connections">
        {found.map((connection, place) => (
          <Choice
            key={connection.id}
            id={optionId(place)}
            connection={connection}
            now={now}
            here={place === here}
            onPick={() => choose(connection)}
          />
        ))}
      </div>
      <p className={styles.hint} role="status">
        {hintOf(found[here], found.length, now, error === null ? undefined : sentenceOf(error), isPending)}
      </p>
    </main>
  );
}

interface ChoiceProps {
  readonly id: string;
  readonly connection: ConnectionJson;
  readonly now: number;
  readonly here: boolean;
  readonly onPick: () => void;
}

function Choice({ id, connection, now, here, onPick }: ChoiceProps) {
  const look = lookOf(connection, now);
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the field above has the keys
    <div
      id={id}
      className={classNames(styles.choice, here && styles.here)}
      role="option"
      tabIndex={-1}
      aria-selected={here}
      onClick={onPick}
    >
      <Tile name={connection.provider} />
      <span className={styles.text}>
        <span className={styles.name}>{connection.name}</span>
        {connection.label !== null && (
          <span className={styles.label}>
            <bdi>{connection.label}</bdi>
          </span>
        )}
      </span>
      <span className={classNames(styles.short, styles[look.tone])}>{look.short}</span>
    </div>
  );
}

function hintOf(
  chosen: ConnectionJson | undefined,
  count: number,
  now: number,
  failure: string | undefined,
  waiting: boolean,
): string {
  if (failure !== undefined) return failure;
  if (waiting) return '';
  if (chosen === undefined) return count === 0 ? 'Nothing found. Escape closes.' : '';
  return needsConsent(chosen, now)
    ? 'Enter asks for consent. Escape closes.'
    : 'Enter copies. Escape closes.';
}

/** Escape closes the picker, also while the vault is locked. */
export function PickerKeys() {
  useEffect(() => {
    const onKey = (event: globalThis.KeyboardEvent): void => {
      if (event.key === 'Escape') closePicker();
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, []);
  return null;
}

function closePicker(): void {
  api.closePicker().catch((error: unknown) => notify({ title: sentenceOf(error), tone: 'bad' }));
}
