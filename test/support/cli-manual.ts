// The second half of docs/cli.md: every command's own help, so that manual and command cannot differ.
// `node test/support/cli-manual.ts` writes it anew; a test compares it.
import { readFileSync, writeFileSync } from 'node:fs';
import type { Command } from 'commander';
import { createClient } from '../../cli/client.ts';
import { EXIT_CODES_HELP } from '../../cli/exit-codes.ts';
import { createOutput } from '../../cli/output.ts';
import { buildProgram } from '../../cli/program.ts';

export const MANUAL = new URL('../../docs/cli.md', import.meta.url);
const MARK = '<!-- From here on: the help of each command. Made by test/support/cli-manual.ts. -->';

/** The help of a command as `--help` prints it, 80 columns wide. */
function helpOf(command: Command): string {
  let text = '';
  command.configureOutput({
    writeOut: (part) => {
      text += part;
    },
    getOutHelpWidth: () => 80,
  });
  command.outputHelp();
  return text;
}

/** Everything from the mark to the end. */
async function commandManual(): Promise<string> {
  const session = { out: createOutput(false), host: createClient() };
  const program = await buildProgram(session, 'all');
  const parts = [MARK, '', '## Exit codes', '', block(EXIT_CODES_HELP), '## Commands', ''];
  const visit = (command: Command, name: string): void => {
    if (command.commands.length === 0 || name === 'tokentray') {
      parts.push(`### ${name}`, '', block(helpOf(command)));
    }
    for (const child of command.commands)
      if (child.name() !== 'help') visit(child, `${name} ${child.name()}`);
  };
  visit(program, 'tokentray');
  return `${parts.join('\n').trimEnd()}\n`;
}

function block(text: string): string {
  return `\`\`\`text\n${text.trimEnd()}\n\`\`\`\n`;
}

/** The manual with its second half made anew. */
export async function wholeManual(): Promise<string> {
  const [first = ''] = readFileSync(MANUAL, 'utf8').split(MARK);
  return first + (await commandManual());
}

if (import.meta.main) writeFileSync(MANUAL, await wholeManual());
