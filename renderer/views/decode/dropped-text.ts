// Files and text dropped onto a view. While the view is there, a file dropped beside its place does not replace the window.
import { type DragEvent, useEffect, useState } from 'react';
import { type TakeText, takeFile } from './file-text.ts';

export function useDroppedText(take: TakeText) {
  const [over, setOver] = useState(false);
  useEffect(() => {
    const refuse = (event: globalThis.DragEvent): void => event.preventDefault();
    addEventListener('dragover', refuse);
    addEventListener('drop', refuse);
    return () => {
      removeEventListener('dragover', refuse);
      removeEventListener('drop', refuse);
    };
  }, []);
  const target = {
    onDragOver: (event: DragEvent) => {
      event.preventDefault();
      setOver(true);
    },
    onDragLeave: () => setOver(false),
    onDrop: (event: DragEvent) => {
      event.preventDefault();
      setOver(false);
      const [file] = event.dataTransfer.files;
      if (file === undefined) take(event.dataTransfer.getData('text/plain').trim());
      else void takeFile(file, take);
    },
  };
  return { over, target };
}
