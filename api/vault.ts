// The vault from outside: lock, unlock, key slots, a new data key. Passphrases come in and never go out.
import { z } from 'zod';
import type { SlotCredential } from '../core/vault/slots.ts';
import { slotId } from './names.ts';
import { route } from './route.ts';
import { repairJson, slotJson } from './to-wire.ts';

/** Longer than any path or passphrase people use; bounds what scrypt is fed. */
const TEXT_CHARS = 1_024;

const secretText = () => z.string().min(1, 'must not be empty').max(TEXT_CHARS);

const credential = () =>
  z.discriminatedUnion(
    'kind',
    [
      z.strictObject({ kind: z.literal('keychain') }),
      z.strictObject({ kind: z.literal('passphrase'), passphrase: secretText() }),
      z.strictObject({ kind: z.literal('file'), path: secretText() }),
    ],
    { error: 'must be one of: keychain, passphrase, file' },
  );

const unlocking = () =>
  z
    .strictObject({ passphrase: secretText().optional(), key_file: secretText().optional() })
    .refine(
      ({ passphrase, key_file }) => passphrase === undefined || key_file === undefined,
      'send passphrase or key_file, not both',
    )
    .transform(({ passphrase, key_file }): SlotCredential | undefined => {
      if (passphrase !== undefined) return { kind: 'passphrase', passphrase };
      return key_file === undefined ? undefined : { kind: 'file', path: key_file };
    });

export const vaultRoutes = {
  'POST /v1/lock': route('POST /v1/lock', {
    summary: 'Lock the vault: nothing is handed out until it is unlocked',
    answer: 'VaultState',
    handle: async ({ engine }) => {
      await engine.vault.lock();
      return { state: engine.state() };
    },
  }),
  'POST /v1/unlock': route('POST /v1/unlock', {
    summary: 'Unlock the vault; without a body by the slots that need nobody',
    body: unlocking,
    bodyOptional: true,
    answer: 'VaultState',
    handle: async ({ engine, body }) => {
      await engine.vault.unlock(body);
      return { state: engine.state() };
    },
  }),
  'GET /v1/vault/slots': route('GET /v1/vault/slots', {
    summary: 'What can open the vault',
    answer: 'Slots',
    handle: ({ engine }) => ({ slots: engine.vault.slots().map(slotJson) }),
  }),
  'POST /v1/vault/slots': route('POST /v1/vault/slots', {
    summary: 'Add a way to open the vault; the first one sets it up',
    body: credential,
    answer: 'Slot',
    status: 201,
    handle: async ({ engine, body }) => slotJson(await engine.vault.addSlot(body)),
  }),
  'DELETE /v1/vault/slots/{id}': route('DELETE /v1/vault/slots/{id}', {
    summary: 'Remove a way to open the vault',
    answer: 'Removed',
    handle: async ({ engine, param }) => {
      await engine.vault.removeSlot(slotId(param('id')));
      return { removed: true };
    },
  }),
  'POST /v1/vault/repair': route('POST /v1/vault/repair', {
    summary: 'Save everything that opens from a damaged vault into a new one; the old file is kept',
    body: unlocking,
    bodyOptional: true,
    answer: 'Repair',
    handle: async ({ engine, body }) => repairJson(await engine.vault.repair(body)),
  }),
  'POST /v1/vault/use-here': route('POST /v1/vault/use-here', {
    summary: 'Say that a vault that was copied, restored or put back is used here and nowhere else',
    answer: 'VaultState',
    handle: async ({ engine }) => {
      await engine.vault.useHere();
      return { state: engine.state() };
    },
  }),
  'POST /v1/vault/rotate': route('POST /v1/vault/rotate', {
    summary: 'A new data key: everything is sealed again; needs the passphrase of every passphrase slot',
    body: () => z.strictObject({ credentials: z.array(credential()).max(20).default([]) }),
    bodyOptional: true,
    answer: 'Slots',
    handle: async ({ engine, body }) => {
      await engine.vault.rotate(body.credentials);
      return { slots: engine.vault.slots().map(slotJson) };
    },
  }),
};
