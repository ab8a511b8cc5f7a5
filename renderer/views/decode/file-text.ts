// The text of a file that somebody chose or dropped, if it can be a token.
import { LONGEST_TEXT } from './jwt.ts';

export type TakeText = (text: string, mistake?: string) => void;

export async function takeFile(file: File, take: TakeText): Promise<void> {
  if (file.size > LONGEST_TEXT) {
    take('', 'This file is far larger than a token. Choose a file that holds the token alone.');
    return;
  }
  try {
    take((await file.text()).trim());
  } catch {
    // Which way reading failed changes nothing; a folder is dropped as a file that cannot be read.
    take('', 'This file could not be read. Choose another one, or paste the token.');
  }
}
