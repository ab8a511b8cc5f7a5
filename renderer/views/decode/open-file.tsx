// The button that reads a file on this machine; the browser hands over its text and nothing is uploaded.
import { useRef } from 'react';
import { Button } from '../../ui/button.tsx';
import { type TakeText, takeFile } from './file-text.ts';

export function OpenFile({ onText }: { readonly onText: TakeText }) {
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <input
        ref={input}
        type="file"
        hidden
        aria-label="File with a token"
        onChange={(event) => {
          const [file] = event.target.files ?? [];
          // The same file chosen again is a change again.
          event.target.value = '';
          if (file !== undefined) void takeFile(file, onText);
        }}
      />
      <Button onClick={() => input.current?.click()}>Open a file</Button>
    </>
  );
}
