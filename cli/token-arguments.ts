// The short way for `token C [options]`: loading commander takes as long as the rest of the command.
// It understands only what is plainly right. Anything else (help, mistakes) is left to commander, which explains it.
import type { TokenOptions } from './commands/token.ts';

export interface TokenArguments {
  readonly ref: string;
  readonly options: TokenOptions;
}

/** The arguments of a plain `token` command; undefined when commander should look at them. */
export function readTokenArguments(argv: readonly string[]): TokenArguments | undefined {
  if (argv[0] !== 'token') return undefined;
  const operands: string[] = [];
  const options: { -readonly [K in keyof TokenOptions]: TokenOptions[K] } = {};
  const scope: string[] = [];
  const rest = argv.slice(1);
  while (rest.length > 0) {
    const argument = rest.shift()!;
    if (!argument.startsWith('-')) operands.push(argument);
    else if (argument === '--force') options.force = true;
    else if (argument === '--show') options.show = true;
    else if (argument === '--json') options.format = 'json';
    else {
      const value = rest.shift();
      if (value === undefined || value.startsWith('-')) return undefined;
      if (argument === '--min-valid' && /^\d{1,9}$/.test(value)) options.minValid = Number(value);
      else if (argument === '--wait' && /^\d{1,9}$/.test(value)) options.wait = Number(value);
      else if (argument === '--scope') scope.push(value);
      else if (argument === '--format' && (value === 'token' || value === 'header' || value === 'json'))
        options.format = value;
      else return undefined;
    }
  }
  const [ref] = operands;
  return ref !== undefined && ref !== '' && operands.length === 1
    ? { ref, options: scope.length === 0 ? options : { ...options, scope } }
    : undefined;
}
