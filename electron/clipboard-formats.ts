// What one write to the clipboard carries: the text, and beside it the marks that tell clipboard histories, cloud clipboards
// and watchers not to keep it (promise 162). Pure. GNOME has no such mark.

/** A clipboard format of the system itself, as Electron spells it. */
const ofSystem = (name: string) => `electron application/osclipboard;format="${name}"`;

const ZERO = new Uint8Array(4);

/** By platform; the bytes are those that the readers of each format look for. */
const MARKS: Partial<Record<NodeJS.Platform, Readonly<Record<string, Uint8Array<ArrayBuffer>>>>> = {
  // Microsoft, "Clipboard formats": the first by its presence, the others as a DWORD of 0.
  win32: {
    [ofSystem('ExcludeClipboardContentFromMonitorProcessing')]: Uint8Array.of(1),
    [ofSystem('CanIncludeInClipboardHistory')]: ZERO,
    [ofSystem('CanUploadToCloudClipboard')]: ZERO,
  },
  // nspasteboard.org: both by their presence.
  darwin: {
    [ofSystem('org.nspasteboard.ConcealedType')]: Uint8Array.of(1),
    [ofSystem('org.nspasteboard.TransientType')]: Uint8Array.of(1),
  },
  // Klipper, and since then others.
  linux: {
    [ofSystem('x-kde-passwordManagerHint')]: new TextEncoder().encode('secret'),
  },
};

/** The formats of one write, MIME type to content. */
export function clipboardFormats(
  text: string,
  platform: NodeJS.Platform,
): Record<string, string | Uint8Array<ArrayBuffer>> {
  return { 'text/plain': text, ...MARKS[platform] };
}
