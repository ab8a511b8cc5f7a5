// The ports that can be chosen, saved together. A tray's window has none.
import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useRef, useState } from 'react';
import type { SettingsJson } from '../../../api/wire.ts';
import { api } from '../../api.ts';
import { HostProblem, sentenceOf } from '../../problem.ts';
import { queries, queryClient } from '../../queries.ts';
import { inTray } from '../../session.ts';
import { Button } from '../../ui/button.tsx';
import { Field } from '../../ui/field.tsx';
import { TextInput } from '../../ui/text-input.tsx';
import { notify } from '../../ui/toast.tsx';
import styles from './section.module.css';

const PORTS = [
  { field: 'endpoint_port', label: 'Endpoint port', hint: 'For scripts. From the next start.' },
  { field: 'window_port', label: 'Window port', hint: 'For this window. From the next start.' },
  { field: 'redirect_port', label: 'Redirect port', hint: 'For fixed redirect URIs. At once.' },
] as const;

type Port = (typeof PORTS)[number]['field'];
type Texts = Readonly<Record<Port, string>>;

const LAST_PORT = 65_535;

export function PortForm({ settings }: { readonly settings: SettingsJson }) {
  const ports = PORTS.filter(({ field }) => field !== 'window_port' || !inTray());
  const [texts, setTexts] = useState<Texts>(() => textsOf(settings));
  const [wrong, setWrong] = useState<Partial<Texts>>({});
  const form = useRef<HTMLFormElement>(null);
  const save = useMutation({
    mutationFn: (ports: Record<Port, number>) => api.changeSettings(ports),
    onSuccess: (saved) => {
      queryClient.setQueryData(queries.settings.queryKey, saved);
      notify({ title: saved.restart_needed ? 'Saved. Restart the host to use the new port.' : 'Saved.' });
    },
    onError: (error) => {
      const at = error instanceof HostProblem ? PORTS.find(({ field }) => field === error.field) : undefined;
      if (at !== undefined) setWrong({ [at.field]: sentenceWith(error.message, at) });
      else notify({ title: sentenceOf(error), tone: 'bad' });
    },
  });
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    const mistakes = PORTS.filter(({ field }) => !isPort(texts[field])).map(({ field }) => [
      field,
      `Enter a port from 1 to ${LAST_PORT}.`,
    ]);
    setWrong(Object.fromEntries(mistakes));
    if (mistakes.length > 0 || save.isPending) return;
    save.mutate({
      endpoint_port: Number(texts.endpoint_port),
      window_port: Number(texts.window_port),
      redirect_port: Number(texts.redirect_port),
    });
  };
  const same = PORTS.every(({ field }) => texts[field].trim() === String(settings[field]));
  return (
    <form ref={form} className={styles.form} noValidate onSubmit={submit}>
      <div className={styles.pair}>
        {ports.map(({ field, label, hint }) => (
          <Field key={field} label={label} hint={hint} error={wrong[field]}>
            {(control) => (
              <TextInput
                {...control}
                inputMode="numeric"
                maxLength={5}
                value={texts[field]}
                onChange={(event) => setTexts({ ...texts, [field]: event.target.value })}
              />
            )}
          </Field>
        ))}
      </div>
      {settings.restart_needed && (
        <p className={styles.note}>
          Something was changed that takes effect at the next start. Stop the host, then start it again.
        </p>
      )}
      <div className={styles.actions}>
        <Button type="submit" disabled={same} busy={save.isPending}>
          Save ports
        </Button>
      </div>
    </form>
  );
}

function textsOf(settings: SettingsJson): Texts {
  return {
    endpoint_port: String(settings.endpoint_port),
    window_port: String(settings.window_port),
    redirect_port: String(settings.redirect_port),
  };
}

function isPort(text: string): boolean {
  return /^\s*\d{1,5}\s*$/.test(text) && Number(text) >= 1 && Number(text) <= LAST_PORT;
}

/** The host calls the field by its name on the wire. */
function sentenceWith(sentence: string, { field, label }: { field: Port; label: string }): string {
  return sentence.replace(field, label);
}
