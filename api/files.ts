// Backup, restore, export and import: the host reads and writes files on its own machine; their content never comes by HTTP.
// What changes something is looked at first and then confirmed by what that look answered.
import { z } from 'zod';
import { TokentrayError } from '../core/errors.ts';
import { type Caller, OWNER } from '../core/model/caller.ts';
import { route } from './route.ts';
import { backupJson, exportJson, importJson, restoreJson } from './to-wire.ts';

/** Longer than any path or passphrase people use; bounds what scrypt is fed. */
const TEXT_CHARS = 1_024;

const given = () => z.string().min(1, 'must not be empty').max(TEXT_CHARS);
const confirm = () => z.string().max(100).optional();

export const fileRoutes = {
  'POST /v1/vault/backup': route('POST /v1/vault/backup', {
    summary: "Copy the vault, sealed as it is, into a file on the host's machine; the copy is read back",
    body: () => z.strictObject({ path: given(), overwrite: z.boolean().optional() }),
    answer: 'Backup',
    status: 201,
    handle: async ({ engine, body: { path, ...options } }) =>
      backupJson(await engine.files.backUp(path, options)),
  }),
  'POST /v1/vault/restore': route('POST /v1/vault/restore', {
    summary: 'Look at a backup; with confirm, put it in the place of the vault, which is kept aside',
    body: () => z.strictObject({ path: given(), confirm: confirm() }),
    answer: 'Restore',
    handle: async ({ engine, body: { path, confirm } }) =>
      restoreJson(await engine.files.restore(path, confirm), engine.state()),
  }),
  'POST /v1/vault/export': route('POST /v1/vault/export', {
    summary:
      'Write providers and names of connections into a file; with a passphrase secrets too, sealed under it',
    body: () =>
      z.strictObject({ path: given(), passphrase: given().optional(), overwrite: z.boolean().optional() }),
    answer: 'Export',
    status: 201,
    handle: async ({ engine, caller, body: { path, ...options } }) => {
      if (options.passphrase !== undefined) ownerOnly(caller);
      return exportJson(await engine.files.export(path, options));
    },
  }),
  'POST /v1/vault/import': route('POST /v1/vault/import', {
    summary: 'Say what an export would change here; with confirm, change it in one transaction',
    body: () => z.strictObject({ path: given(), passphrase: given().optional(), confirm: confirm() }),
    answer: 'Import',
    handle: async ({ engine, body: { path, ...options } }) =>
      importJson(await engine.files.import(path, options)),
  }),
};

/** Refresh tokens leave by nobody's key but that of the command line, which asks a person. */
function ownerOnly(caller: Caller): void {
  if (caller.name === OWNER.name) return;
  throw new TokentrayError(
    'denied',
    "Secrets are exported with the owner's own key only: tokentray export --secrets",
    { action: { command: 'tokentray export --secrets' } },
  );
}
