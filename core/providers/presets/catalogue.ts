// All presets. One line each.
import type { PresetView } from '../../engine.ts';
import { TokentrayError } from '../../errors.ts';
import { github } from './github.ts';
import { google } from './google.ts';
import type { Preset } from './preset.ts';

const PRESETS: readonly Preset[] = [github, google];

/** Presets whose id or name holds `query`, all without one. */
export function findPresets(query = ''): readonly Preset[] {
  const wanted = query.trim().toLowerCase();
  return PRESETS.filter((preset) => preset.id.includes(wanted) || preset.name.toLowerCase().includes(wanted));
}

export function presetView({ entry: { scopes, redirect }, ...preset }: Preset): PresetView {
  return { ...preset, scopes, redirect };
}

/** Throws `not_found`, naming the presets there are. */
export function presetOf(id: string): Preset {
  const preset = PRESETS.find((candidate) => candidate.id === id);
  if (preset !== undefined) return preset;
  const known = PRESETS.map((candidate) => candidate.id).join(', ');
  throw new TokentrayError('not_found', `There is no preset by that name. Known presets: ${known}.`, {
    field: 'preset',
  });
}
