// A ready line for a script, in four languages. The key it needs is made under Scripts and never stands here.
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { queries } from '../../queries.ts';
import { scriptLines } from '../../text/script-lines.ts';
import { CopyField } from '../../ui/copy-field.tsx';
import { Link } from '../../ui/link.tsx';
import { Segments } from '../../ui/segments.tsx';
import section from './section.module.css';
import styles from './use-in-script.module.css';

export function UseInScript({ name }: { readonly name: string }) {
  const { data: status } = useQuery(queries.status);
  const [language, setLanguage] = useState('');
  if (status === undefined) return null;
  const all = scriptLines(status.url, name, status.socket);
  const shown = all.find((one) => one.language === language) ?? all[0];
  if (shown === undefined) return null;
  return (
    <section className={section.section}>
      <h2 className={section.title}>Use it in a script</h2>
      {all.length > 1 && (
        <Segments
          legend="Language"
          quiet
          value={shown.language}
          options={all.map((one) => ({ value: one.language, label: one.language }))}
          onChoose={setLanguage}
        />
      )}
      <CopyField what={`lines for ${shown.language}`} value={shown.lines} block />
      <p className={styles.note}>
        <code>TOKENTRAY_KEY</code> is a key of yours; make one under <Link to="/scripts">Scripts</Link>.
        {status.socket !== null && (
          <>
            {' '}
            The socket <code>{status.socket}</code> answers the same.
          </>
        )}
      </p>
    </section>
  );
}
