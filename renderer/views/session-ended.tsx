// The window without a session: why, and the command that gives a new link. Knows nothing of what the host holds.
import type { SessionState } from '../session.ts';
import { CopyField } from '../ui/copy-field.tsx';
import { Screen } from './screen.tsx';

type Why = Extract<SessionState, { status: 'ended' }>['why'];

const WORDS: Readonly<Record<Why, { readonly title: string; readonly sentence: string }>> = {
  none: {
    title: 'This window has no session',
    sentence: 'It opens with a link that works once. Get one with this command:',
  },
  refused: {
    title: 'This link does not work any more',
    sentence: 'A link works once and for one minute. Get a new one with this command:',
  },
  over: {
    title: 'This session has ended',
    sentence:
      'It ends after 15 minutes without use, after 12 hours, or when somebody ends it. Get a new link with this command:',
  },
  unreachable: {
    title: 'The host does not answer',
    sentence: 'Start it with tokentray serve, then get a new link with this command:',
  },
};

export function SessionEnded({ why }: { readonly why: Why }) {
  const { title, sentence } = WORDS[why];
  return (
    <Screen title={title}>
      <p>{sentence}</p>
      <CopyField what="command" value="tokentray open" />
    </Screen>
  );
}
