// In which browser, and as whom, the consent of this connection opens. In the tray only, where the host opens it.
import { type Preferences, useDesktop, useDesktopChange } from '../../desktop.ts';
import type { Option } from '../../ui/select.tsx';
import { Select } from '../../ui/select.tsx';

export function BrowserChoice({ id }: { readonly id: string }) {
  const desktop = useDesktop();
  const change = useDesktopChange();
  if (desktop === undefined || desktop.facts.browsers.length === 0) return null;
  const { browsers } = desktop.preferences;
  const chosen = browsers[id];
  const usual = { value: '', label: 'System browser' };
  const options: Option<string>[] = [
    usual,
    ...desktop.facts.browsers.flatMap(({ id: browser, name, profiles }) => [
      { value: valueFor({ browser }), label: name },
      ...profiles.map((profile) => ({
        value: valueFor({ browser, profile: profile.id }),
        label: `${name}, ${profile.name}`,
      })),
    ]),
  ];
  const value = chosen === undefined ? '' : valueFor(chosen);
  // One that is gone from this machine is still what was chosen.
  if (!options.some((option) => option.value === value)) {
    options.push({ value, label: `${chosen?.browser}, not found here` });
  }
  const choose = (next: string): void => {
    const { [id]: _before, ...others } = browsers;
    const [browser = '', profile] = next.split('\n');
    const choice = { browser, ...(profile === undefined ? {} : { profile }) };
    change.mutate({ browsers: next === '' ? others : { ...others, [id]: choice } });
  };
  return (
    <>
      <dt>Browser</dt>
      <dd>
        <Select aria-label="Browser of its consent" value={value} options={options} onChoose={choose} />
      </dd>
    </>
  );
}

/** No name holds a line break. */
function valueFor({ browser, profile }: Preferences['browsers'][string]): string {
  return profile === undefined ? browser : `${browser}\n${profile}`;
}
