// A ready line for a script, in four languages. The key it needs is made under Scripts and never stands here.
import { Tabs } from '@base-ui/react/tabs';
import { useQuery } from '@tanstack/react-query';
import { queries } from '../../queries.ts';
import { scriptLines } from '../../text/script-lines.ts';
import { CopyField } from '../../ui/copy-field.tsx';
import { Link } from '../../ui/link.tsx';
import section from './section.module.css';
import styles from './use-in-script.module.css';

export function UseInScript({ name }: { readonly name: string }) {
  const { data: status } = useQuery(queries.status);
  if (status === undefined) return null;
  const all = scriptLines(status.url, name, status.socket);
  return (
    <section className={section.section}>
      <h2 className={section.title}>Use it in a script</h2>
      <Tabs.Root defaultValue={all[0]?.language}>
        <Tabs.List className={styles.tabs} aria-label="Language">
          {all.map(({ language }) => (
            <Tabs.Tab key={language} value={language} className={styles.tab}>
              {language}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        {all.map(({ language, lines }) => (
          <Tabs.Panel key={language} value={language} className={styles.panel}>
            <CopyField what={`lines for ${language}`} value={lines} block />
          </Tabs.Panel>
        ))}
      </Tabs.Root>
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
