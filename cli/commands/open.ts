// `open`: a login link to the window of the headless host. The link works once, for a minute.
import type { Command } from 'commander';
import type { WindowLinkJson } from '../../api/wire.ts';
import { route } from '../client.ts';
import { examples } from '../options.ts';
import type { Session } from '../session.ts';

interface OpenOptions {
  readonly open: boolean;
}

export function define(command: Command, session: Session): void {
  command
    .description(
      'Open the window: of the tray, if it runs, else in the browser of this machine, with its link printed. The link lets whoever has it in: once, within a minute.',
    )
    .option('--no-open', 'print the link and open nothing')
    .action((options: OpenOptions) => show(session, options));
  examples(command, 'tokentray open', 'tokentray open --no-open');
}

async function show({ out, host }: Session, options: OpenOptions): Promise<void> {
  const link = await host.call<WindowLinkJson>('POST', route('window', 'code'), {
    body: { open: options.open },
  });
  out.result(link, link.url === null ? [] : [link.url]);
  if (link.url === null) {
    out.talk('The tray shows its window.');
    return;
  }
  if (link.opened) out.talk('The window is open in your browser.');
  else if (options.open)
    out.talk('No browser could be opened here. Open the link yourself, within a minute.');
}
