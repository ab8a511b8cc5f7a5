#!/usr/bin/env node
// The `tokentray` command. It decides nothing: refuses secrets in arguments, hands over to the command, sets the exit code.
// `token` is run by scripts all day, so it goes straight to its work; everything else is read by commander.
import { createClient } from './client.ts';
import { runToken } from './commands/token.ts';
import { EXIT } from './exit-codes.ts';
import { handleSignals, isLeaving } from './interrupt.ts';
import { createOutput } from './output.ts';
import { failure } from './problem.ts';
import { refuseSecrets } from './secret-arguments.ts';
import type { Session } from './session.ts';
import { readTokenArguments } from './token-arguments.ts';

async function main(argv: readonly string[]): Promise<void> {
  const session: Session = { out: createOutput(argv.includes('--json')), host: createClient() };
  const { out } = session;

  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      // The reader has had enough (`| head -1`): not an error of ours, and nobody is left to tell.
      process.exit(error.code === 'EPIPE' ? EXIT.ok : EXIT.unexpected);
    });
  }
  const release = handleSignals((exit) => {
    if (exit === EXIT.interrupted) out.failure(failure('interrupted', 'Interrupted.'));
    process.exit(exit);
  });

  try {
    refuseSecrets(argv);
    const quick = readTokenArguments(argv);
    if (quick !== undefined) {
      await runToken(session, quick.ref, quick.options);
      return;
    }
    const { runProgram } = await import('./program.ts');
    // The headless host closes its vault before it ends, and answers signals itself.
    await runProgram(session, argv, release);
  } catch (error) {
    // After a signal, work that was cut off fails too; the signal has been told already.
    if (!isLeaving()) process.exitCode = out.failure(error);
  }
}

await main(process.argv.slice(2));
