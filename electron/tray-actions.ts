// What a chosen row, or a click on a notification, does. Every failure is said: nothing that a person chose ends in silence.
import type { Copied } from '../api/desktop-controls.ts';
import type { Engine } from '../core/engine.ts';
import { TokentrayError } from '../core/errors.ts';
import { OWNER } from '../core/model/caller.ts';
import type { LogPort } from '../core/ports.ts';
import type { TrayAction } from './tray-rows.ts';

export interface TrayActionOptions {
  readonly engine: {
    readonly connections: Pick<Engine['connections'], 'show'>;
    readonly consents: Pick<Engine['consents'], 'start' | 'reopen'>;
    readonly vault: Pick<Engine['vault'], 'lock' | 'unlock'>;
    readonly refreshes: { pause(): void; resume(): void };
  };
  readonly copy: (connection: string, format: 'token' | 'header') => Promise<Copied>;
  readonly show: (path?: string) => void;
  /** A few words for the person: a notification. */
  readonly say: (title: string, body: string) => void;
  readonly quit: () => void;
  readonly log: LogPort;
}

/** Never throws. */
export function createTrayActions(options: TrayActionOptions): (action: TrayAction) => void {
  const { engine, copy, show, say, quit, log } = options;
  return (action) => {
    act(action).catch((error: unknown) => {
      const known = error instanceof TokentrayError;
      log.warn('tray_action_failed', { action: action.kind, code: known ? error.code : 'unexpected' });
      say(TITLES[action.kind], known ? error.message : 'Something unexpected went wrong. Look at the log.');
    });
  };

  async function act(action: TrayAction): Promise<void> {
    switch (action.kind) {
      case 'copy': {
        const { copied, sentence } = await copy(action.connection, action.format);
        if (!copied) say(TITLES.copy, sentence);
        return;
      }
      case 'consent':
        return consent(action.connection);
      case 'show':
        return show(action.path);
      case 'pause':
        return engine.refreshes.pause();
      case 'resume':
        return engine.refreshes.resume();
      case 'lock':
        return engine.vault.lock();
      case 'unlock':
        return unlock();
      case 'quit':
        return quit();
    }
  }

  /** The consent that is open already is opened again: two for one connection would each end the other's. */
  async function consent(id: string): Promise<void> {
    const { state, provider, account } = engine.connections.show(OWNER, id);
    if (state.status === 'consenting') return void (await engine.consents.reopen(state.consent));
    await engine.consents.start(OWNER, { provider, account, via: 'browser' });
  }

  /** Where a slot needs nobody it opens at once; else the window asks. */
  async function unlock(): Promise<void> {
    try {
      await engine.vault.unlock();
    } catch (error) {
      log.info('unlock_needs_person', { code: error instanceof TokentrayError ? error.code : 'unexpected' });
      show();
    }
  }
}

const TITLES: Readonly<Record<TrayAction['kind'], string>> = {
  copy: 'Nothing was copied yet',
  consent: 'No consent was opened',
  show: 'The window was not opened',
  pause: 'The refreshes were not paused',
  resume: 'The refreshes were not resumed',
  lock: 'The vault was not locked',
  unlock: 'The vault was not unlocked',
  quit: 'Tokentray was not ended',
};
