// wl-copy and wl-paste as scripts with a file as their clipboard: they write down how they were called, keep what they were
// given, and leave a process behind as the real wl-copy does.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface FakeWlClipboard {
  /** To put on PATH. */
  readonly bin: string;
  /** What was copied; no such file: nothing. */
  readonly clipboard: string;
  /** A line for each call, with its arguments and our names in its environment. */
  readonly calls: string;
}

/** `sensitive`: as of wl-clipboard 2.3. */
export function writeFakeWlClipboard(
  folder: string,
  {
    sensitive,
    clipboard = join(folder, 'copied'),
  }: { readonly sensitive: boolean; readonly clipboard?: string },
): FakeWlClipboard {
  const bin = join(folder, 'bin');
  const calls = join(folder, 'calls');
  mkdirSync(bin, { recursive: true });
  const script = (name: string, body: string) => {
    const noted = `echo "${name} $*" >> '${calls}'\nenv | grep ^TOKENTRAY_ >> '${calls}'\n`;
    writeFileSync(join(bin, name), `#!/bin/sh\n${noted}${body}`, { mode: 0o755 });
  };
  script(
    'wl-copy',
    `case "$1" in
--help) echo 'Usage: wl-copy [options]'; echo '${sensitive ? '  --sensitive  Hint that the text is a secret' : ''}'; exit 0 ;;
--clear) rm -f '${clipboard}'; exit 0 ;;
--sensitive) ${sensitive ? ':' : 'exit 1'} ;;
esac
cat > '${clipboard}'
sleep 5 &
exit 0
`,
  );
  script('wl-paste', `[ -f '${clipboard}' ] || exit 1\ncat '${clipboard}'\n`);
  return { bin, clipboard, calls };
}
