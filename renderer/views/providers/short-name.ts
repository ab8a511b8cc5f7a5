// Suggests the short name of a new provider. Pure; the host judges what somebody types instead.

/** `google`, and `google-2` when that is taken. */
export function freeName(wanted: string, taken: readonly string[]): string {
  if (wanted === '' || !taken.includes(wanted)) return wanted;
  for (let number = 2; ; number += 1) {
    const candidate = `${wanted}-${number}`;
    if (!taken.includes(candidate)) return candidate;
  }
}

/** The part of an address that people know it by: `example` of `https://login.example.co.uk/`; empty where there is none. */
export function nameOfIssuer(issuer: string): string {
  if (!URL.canParse(issuer)) return '';
  const labels = new URL(issuer).hostname.split('.');
  if (labels.length < 2 || labels.every((label) => /^\d+$/.test(label))) return '';
  const [sub = '', known = ''] = labels.slice(-3, -1).length === 2 ? labels.slice(-3, -1) : ['', labels[0]];
  // `co` of `example.co.uk` is nobody's name.
  const name = known.length > 3 || sub === '' ? known : sub;
  return name.toLowerCase().replace(/[^a-z0-9-]/g, '');
}
