// Every test/cli/*.txt is a session: commands with what they print, what the host is asked, and how they end.
// The files are run against the real command line, each command a process of its own.
import assert from 'node:assert/strict';
import { chmodSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { suite, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { newHome, OWNER_KEY, startCliHost } from '../support/cli-host.ts';
import { commandEnvironment, runTokentray } from '../support/cli-process.ts';
import { startRealHost } from '../support/cli-real-host.ts';
import { agrees, readTranscript, type Step, words } from '../support/cli-transcript.ts';

interface Stage {
  readonly home: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Requests so far, where the host is ours to ask. */
  readonly requests?: string[];
  stop(): Promise<unknown> | unknown;
}

const HERE = fileURLToPath(new URL('.', import.meta.url));

/** The hosts a transcript can name. */
const STAGES: Record<string, () => Promise<Stage>> = {
  open: () => startCliHost(),
  locked: () => startCliHost({ state: 'locked' }),
  setup: () => startCliHost({ state: 'setup' }),
  tcp: () => startCliHost({ doors: 'tcp' }),
  none: async () => {
    const home = newHome();
    return { home, stop: () => rmSync(home, { recursive: true }) };
  },
  // The host was killed: its files are still there, nobody listens.
  stale: async () => {
    const host = await startCliHost();
    const files = ['endpoint.json', 'owner.key'].map(
      (name) => [name, readFileSync(join(host.home, name))] as const,
    );
    await host.stop();
    const home = newHome();
    for (const [name, bytes] of files) writeFileSync(join(home, name), bytes, { mode: 0o600 });
    return { home, stop: () => rmSync(home, { recursive: true }) };
  },
  'loose-folder': async () => {
    const host = await startCliHost();
    chmodSync(join(host.home, 'run'), 0o755);
    return host;
  },
  'loose-socket': async () => {
    const host = await startCliHost();
    chmodSync(host.socket, 0o666);
    return host;
  },
  'loose-key': async () => {
    const host = await startCliHost();
    chmodSync(join(host.home, 'owner.key'), 0o644);
    return host;
  },
  real: () => startRealHost(),
};

suite('transcripts', { concurrency: 2 }, () => {
  for (const file of readdirSync(HERE).filter((name) => name.endsWith('.txt'))) {
    const transcript = readTranscript(readFileSync(join(HERE, file), 'utf8'));
    const title = transcriptTitle(file);
    test(title, async () => {
      const start = STAGES[transcript.host];
      assert.ok(start, `${file}: no host is called ${transcript.host}`);
      const stage = await start();
      try {
        for (const step of transcript.steps) await play(file, step, stage);
      } finally {
        await stage.stop();
      }
    });
  }
});

/** The first comment is the name of the test. */
function transcriptTitle(file: string): string {
  const [first = ''] = readFileSync(join(HERE, file), 'utf8').split('\n');
  assert.match(first, /^# \S/, `${file} begins with a comment that names it`);
  return first.slice(2);
}

async function play(file: string, step: Step, stage: Stage): Promise<void> {
  const { env, argv } = words(step.command.replaceAll('$HOME', stage.home));
  assert.equal(argv[0], 'tokentray', `${file}:${step.line}`);
  const before = stage.requests?.length ?? 0;
  const stdin = step.stdin.map((line) => `${line}\n`).join('');
  const ended = await runTokentray(
    argv.slice(1),
    commandEnvironment(stage.home, { ...stage.env, ...env }),
    stdin,
  );
  const place = `${basename(file)}:${step.line}: $ ${step.command}`;
  const happened = `${place}\nexit ${ended.code}\n--- stdout\n${ended.stdout}--- stderr\n${ended.stderr}`;
  const named = (lines: readonly string[]) => lines.map((line) => line.replaceAll('$HOME', stage.home));
  assert.ok(agrees(named(step.stdout), ended.stdout), `stdout differs\n${happened}`);
  assert.ok(agrees(named(step.stderr), ended.stderr), `stderr differs\n${happened}`);
  assert.equal(ended.code, step.exit, `exit code differs\n${happened}`);
  if (step.requests.length > 0) {
    const asked = (stage.requests ?? []).slice(before);
    const expected = named(step.requests);
    assert.ok(
      agrees(expected, asked.map((line) => `${line}\n`).join('')),
      `requests differ\n${asked.join('\n')}\n${happened}`,
    );
  }
  // Promises 182 and 185 hold for every command of every transcript.
  assert.doesNotMatch(ended.stdout + ended.stderr, /\n\s+at .*:\d+:\d+/, `a stack was shown\n${happened}`);
  assert.ok(!(ended.stdout + ended.stderr).includes(OWNER_KEY), `the owner's key was shown\n${happened}`);
  if (argv.includes('--json') && argv[1] !== 'events') JSON.parse(ended.stdout);
}
