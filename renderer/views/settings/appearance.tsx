// Light, dark, or as the system has it. Kept in this browser.
import { setTheme, type Theme, useTheme } from '../../theme.ts';
import { Segments } from '../../ui/segments.tsx';
import { Section } from './section.tsx';

const THEMES: readonly { readonly value: Theme; readonly label: string }[] = [
  { value: 'auto', label: 'Like the system' },
  { value: 'light', label: 'Light' },
  { value: 'dark', label: 'Dark' },
];

export function Appearance() {
  return (
    <Section title="Appearance">
      <Segments legend="Theme" value={useTheme()} options={THEMES} onChoose={setTheme} />
    </Section>
  );
}
