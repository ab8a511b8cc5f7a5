// Light, dark, or as the system has it. Kept in this browser; in the tray by the host, which turns its whole window.
import { useQuery } from '@tanstack/react-query';
import { useDesktopChange } from '../../desktop.ts';
import { queries } from '../../queries.ts';
import { inTray } from '../../session.ts';
import { setTheme, type Theme, useTheme } from '../../theme.ts';
import { Segments } from '../../ui/segments.tsx';
import { Section } from './section.tsx';

const THEMES: readonly { readonly value: Theme; readonly label: string }[] = [
  { value: 'auto', label: 'Like the system' },
  { value: 'light', label: 'Light' },
  { value: 'dark', label: 'Dark' },
];

export function Appearance() {
  const own = useTheme();
  const { data: desktop } = useQuery({ ...queries.desktop, enabled: inTray() });
  const change = useDesktopChange();
  const kept = desktop?.preferences.theme;
  const theme = kept === undefined ? own : kept === 'system' ? 'auto' : kept;
  const choose = (next: Theme): void => {
    if (inTray()) change.mutate({ theme: next === 'auto' ? 'system' : next });
    else setTheme(next);
  };
  return (
    <Section title="Appearance">
      <Segments legend="Theme" value={theme} options={THEMES} onChoose={choose} />
    </Section>
  );
}
