// Copies a token. In the tray the host does it; elsewhere the text goes by a ticket from the host's answer to the clipboard:
// no variable, page or cache keeps it.
import type { ConnectionJson } from '../api/wire.ts';
import { api, type CopyFormat } from './api.ts';
import { connect } from './consents.ts';
import { HostProblem, sentenceOf } from './problem.ts';
import { inTray } from './session.ts';
import { notify } from './ui/toast.tsx';

/** Must run inside a click or a key press: the browser then allows the clipboard. */
export async function copyToken(connection: ConnectionJson, format: CopyFormat): Promise<void> {
  const { id, name } = connection;
  if (inTray()) {
    await copyByHost(connection, format);
    return;
  }
  if (navigator.clipboard === undefined || typeof ClipboardItem === 'undefined') {
    tellCommand(name, format);
    return;
  }
  const text = api.copy(id, format);
  const problem = text.then(
    () => undefined,
    (error: unknown) => error,
  );
  try {
    // A promise inside the item keeps the permission of the click while the host refreshes the token.
    await navigator.clipboard.write([new ClipboardItem({ 'text/plain': text })]);
    notify({ title: format === 'token' ? `Copied the token of ${name}.` : `Copied the header of ${name}.` });
  } catch {
    const error = await problem;
    if (error === undefined) tellCommand(name, format);
    else tellProblem(connection, error);
  }
}

/** True when the host can tell that it is in the clipboard. */
export async function copyByHost(connection: ConnectionJson, format: CopyFormat): Promise<boolean> {
  try {
    const { copied, sentence } = await api.copyByHost(connection.id, format);
    notify({ title: sentence, ...(copied ? {} : { tone: 'bad' }) });
    return copied;
  } catch (error) {
    tellProblem(connection, error);
    return false;
  }
}

function tellProblem({ provider, account }: ConnectionJson, error: unknown): void {
  const consentNeeded = error instanceof HostProblem && error.code === 'consent_needed';
  notify({
    title: sentenceOf(error),
    tone: 'bad',
    ...(consentNeeded
      ? { action: { label: 'Reconnect', run: () => void connect({ provider, account }) } }
      : {}),
  });
}

function tellCommand(name: string, format: CopyFormat): void {
  const command = `tokentray token ${name}${format === 'header' ? ' --format header' : ''}`;
  notify({ title: 'The browser did not allow copying. This command gives it:', detail: command });
}
