// A JWT, read on this machine. What is pasted lives in this view alone: no storage, no address, no cache, no request
// holds it, and leaving the view forgets it.
import { useRef, useState } from 'react';
import { Button } from '../ui/button.tsx';
import { Field } from '../ui/field.tsx';
import { Page } from '../ui/page.tsx';
import { TextArea } from '../ui/text-input.tsx';
import { useDroppedText } from './decode/dropped-text.ts';
import { readJwt } from './decode/jwt.ts';
import { OpenFile } from './decode/open-file.tsx';
import { Reading } from './decode/reading.tsx';
import styles from './decode.module.css';

const HINT = 'Paste it, drop a file here, or open one. It stays in this view and is gone when you leave it.';

export function Decode() {
  const [text, setText] = useState('');
  const input = useRef<HTMLTextAreaElement>(null);
  const [fileMistake, setFileMistake] = useState<string>();
  const take = (next: string, mistake?: string): void => {
    setText(next);
    setFileMistake(mistake);
  };
  const drop = useDroppedText(take);
  const reading = readJwt(text);
  const mistake = fileMistake ?? (reading?.ok === false ? reading.sentence : undefined);
  return (
    <Page title="Read a token">
      <div {...drop.target} className={styles.place} data-over={drop.over || undefined}>
        <Field label="Token (JWT)" hint={HINT} error={mistake}>
          {(control) => (
            <TextArea
              {...control}
              ref={input}
              mono
              rows={5}
              className={styles.input}
              value={text}
              onChange={(event) => take(event.target.value)}
              placeholder="eyJhbGciOi…"
            />
          )}
        </Field>
        <div className={styles.actions}>
          <OpenFile onText={take} />
          {text !== '' && (
            <Button
              variant="quiet"
              onClick={() => {
                take('');
                // The button goes with the text.
                input.current?.focus();
              }}
            >
              Clear
            </Button>
          )}
        </div>
        {reading?.ok === true && <Reading reading={reading} />}
      </div>
    </Page>
  );
}
