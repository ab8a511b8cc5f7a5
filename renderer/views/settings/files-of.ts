// Where the files of the host are, as far as its socket tells: that lies in the data folder where a folder was chosen.

export const DEFAULT_HOME =
  'The folder tokentray of your data directory: ~/.local/share on Linux, %APPDATA% on Windows.';

/** `socket` as the host's status has it. Undefined where it lies elsewhere. */
export function homeOf(socket: string | null): string | undefined {
  return /^(.+)\/run\/t\.sock$/.exec(socket ?? '')?.[1];
}
