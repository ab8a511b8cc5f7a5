// What is wrong with the form, each thing as a sentence at its field: what is plainly missing, and what the host refused.
// Pure.
import { HostProblem, sentenceOf } from '../../problem.ts';
import { FIELD_LABELS, type FormField } from '../../text/provider-words.ts';
import { type Draft, SECONDS } from './draft.ts';

/** `form`: about no field in particular. */
export type Mistakes = Readonly<Partial<Record<FormField | 'form', string>>>;

/** Everything that is plainly missing, at once; the rest is the host's to judge. */
export function missing(draft: Draft): Mistakes {
  const found: { -readonly [Key in keyof Mistakes]: Mistakes[Key] } = {};
  const need = (field: Exclude<FormField, 'client_secret'>, sentence: string): void => {
    if (draft[field].trim() === '') found[field] = sentence;
  };
  if (draft.way === 'preset') need('preset', 'Choose a preset, or another way to add the provider.');
  if (draft.way === 'issuer') need('issuer', 'Enter the address of the issuer.');
  if (draft.way === 'hand') {
    need('authorization_endpoint', 'Enter the address where people sign in.');
    need('token_endpoint', 'Enter the address where codes are exchanged for tokens.');
  }
  need('id', 'Enter a short name. Its connections will be called by it.');
  need('client_id', 'Enter the client ID that the provider gave you when you registered.');
  if (draft.authorization_parameters.split('\n').some((line) => line.trim() !== '' && !/\S\s*=/.test(line)))
    found.authorization_parameters = 'Write each parameter as name=value, one a line.';
  for (const field of SECONDS)
    if (!/^\s*\d*\s*$/.test(draft[field])) found[field] = 'Enter a whole number of seconds, or nothing.';
  return found;
}

/** Where the host's answer belongs. */
export function mistakeOf(error: unknown, draft: Draft): Mistakes {
  if (!(error instanceof HostProblem)) return { form: sentenceOf(error) };
  const field = fieldOf(error, draft);
  return field === undefined ? { form: error.message } : { [field]: sentenceAt(error, field) };
}

function fieldOf({ field, code }: HostProblem, { way }: Draft): FormField | undefined {
  if (field === undefined) {
    const fromIssuer = code === 'discovery_failed' || code === 'issuer_mismatch' || code === 'offline';
    return fromIssuer && way === 'issuer' ? 'issuer' : undefined;
  }
  const [first = '', second = ''] = field.split('.');
  if (isField(first)) return first;
  const inside = `${first}_${second}`;
  if (isField(inside)) return inside;
  return first === 'redirect' ? 'redirect_port' : first === 'profile' ? 'profile_url' : undefined;
}

function isField(name: string): name is FormField {
  return Object.hasOwn(FIELD_LABELS, name);
}

/** The host speaks of the field by its name on the wire; here it has a label. */
function sentenceAt(problem: HostProblem, field: FormField): string {
  const about = /^(?:The body|Provider): the field (\S+) /.exec(problem.message);
  return about === null
    ? problem.message
    : `${labelOf(about[1] ?? '', field)} ${problem.message.slice(about[0].length)}`;
}

function labelOf(wireName: string, field: FormField): string {
  const [first, second] = wireName.split('.');
  if (first === 'scopes' && second !== undefined) return `Scope ${Number(second) + 1}`;
  if (first === 'authorization_parameters' && second !== undefined) return `The parameter ${second}`;
  return FIELD_LABELS[field];
}
