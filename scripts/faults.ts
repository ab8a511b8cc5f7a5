// The list of faults that Tokentray is built to survive, in short; which tests prove them is read from the tests
// (write-faults.ts). A number is never used again for something else.

export interface Fault {
  readonly number: number;
  /** What goes wrong. */
  readonly what: string;
  /** What must be true afterwards. */
  readonly outcome: string;
  /** Of what cannot be brought about on the systems the tests run on: what is tested instead. */
  readonly instead?: string;
}

export interface FaultChapter {
  readonly title: string;
  readonly faults: readonly Fault[];
}

const fault = (number: number, what: string, outcome: string, instead?: string): Fault => ({
  number,
  what,
  outcome,
  ...(instead === undefined ? {} : { instead }),
});

export const FAULT_CHAPTERS: readonly FaultChapter[] = [
  {
    title: 'Death in the middle of a refresh',
    faults: [
      fault(1, 'Killed before the intent is written', 'the next start refreshes as ever'),
      fault(2, 'Killed after the intent, before sending', 'the old token is sent once, and works'),
      fault(3, 'Killed after sending, the provider not done yet', 'as 2'),
      fault(4, 'Killed after the provider used the token, within its grace', 'the successor is given again'),
      fault(
        5,
        'The same at a provider without grace',
        'one try, then "answer lost"; the access token is good to its end',
      ),
      fault(6, 'Killed between the last byte and the commit', 'as 4 and 5; the window is a few milliseconds'),
      fault(7, 'Killed at any write or sync of the commit', 'the row is the old one or the new one'),
      fault(
        8,
        'Killed after the commit, before the answer',
        'callers get the new token without another refresh',
      ),
      fault(9, 'Killed while the previous token is dropped', 'the new one stays'),
      fault(
        10,
        'Killed at 500 random moments of a storm of refreshes',
        'no token that was committed is lost',
      ),
      fault(
        11,
        'Power lost: writes that were not synced are gone or out of order',
        'every state on the disk opens, and is before or after a commit',
        'The disk is not cut off; the recorded writes are played back up to every point.',
      ),
    ],
  },
  {
    title: 'Disks and files',
    faults: [
      fault(12, 'Disk full before sending', 'nothing is sent'),
      fault(
        13,
        'Disk full when the answer is there',
        'the new token is held, a sealed copy saved elsewhere, and stored when there is room',
      ),
      fault(14, 'An I/O error at the sync, once or for ever', 'not taken for stored'),
      fault(
        15,
        'An I/O error or a short read when the vault is opened',
        '"cannot be read now"; nothing is written; it can be tried again',
      ),
      fault(
        16,
        'The file system turns read-only',
        'tokens are still given from memory, nothing is refreshed',
      ),
      fault(17, 'The limit for file sizes is reached', 'as 13'),
      fault(
        18,
        'A page is overwritten',
        'damage is named, everything on other pages can be saved, the old file stays',
      ),
      fault(19, 'The file is cut short', 'never taken for a new vault'),
      fault(
        20,
        'The write-ahead log is gone, cut, or of another vault',
        'an older whole state, under review; or refused',
      ),
      fault(
        21,
        'A journal or shared memory file is left with another owner or mode',
        'repaired or refused, with the reason',
      ),
      fault(
        22,
        'The vault is replaced while in use',
        'writing stops, what was held is kept aside, a person is asked',
      ),
      fault(23, 'Several hosts start at the same moment', 'exactly one owns the vault'),
      fault(24, 'The owner of the lock is killed', 'the next start has it at once'),
      fault(25, 'The owner of the lock is stopped', 'nobody takes the lock from it'),
      fault(
        26,
        'Killed at any statement of a migration',
        'the old schema or the new one; a copy from before',
      ),
      fault(27, 'Killed during a backup', 'no file under the final name, or a whole one'),
      fault(
        28,
        'Killed between revoking and deleting',
        'the deletion is finished at the next start, nothing is refreshed',
      ),
      fault(29, 'Out of memory during a refresh', 'as 3 and 6; the others go on'),
    ],
  },
  {
    title: 'The keychain',
    faults: [
      fault(30, 'No Secret Service at the start', 'locked, a passphrase is offered; no other store is used'),
      fault(
        31,
        'The keychain is locked and its prompt dismissed',
        'locked; no new key',
        'With a real gnome-keyring on Linux; for macOS and Windows the sentences of their keychains are told apart in the same code.',
      ),
      fault(
        32,
        'The keychain refuses access',
        'said as such; no new key',
        'The Secret Service has no such answer, so a keychain in memory gives it; macOS and Windows do.',
      ),
      fault(
        33,
        'The key is missing although there is a vault',
        'said as such; no new key; another slot opens it',
      ),
      fault(34, 'The item holds another key, garbage or nothing', '"wrong key", and never damage'),
      fault(
        35,
        'The service behind the keychain is another one',
        'the sentence names the one that had the key',
      ),
      fault(
        36,
        'The keychain does not answer',
        'everything else goes on; locked after a while; a late answer changes nothing that somebody did since',
      ),
      fault(37, 'The keychain says it stored the key and did not', 'found out before anything is sealed'),
      fault(38, 'The first reads find nothing, a later one does', 'nothing is made; it opens'),
      fault(39, 'The keychain goes away while running', 'it works on until it is locked'),
    ],
  },
  {
    title: 'Providers and the network',
    faults: [
      fault(40, '5xx answers of every kind', 'the connection stays; growing pauses'),
      fault(41, '429 with a Retry-After of every kind', 'obeyed, within bounds'),
      fault(42, 'No connection at all', 'not in doubt; tried again'),
      fault(43, 'The connection breaks after the request was sent', 'in doubt; one quick retry'),
      fault(
        44,
        'An answer of one byte every five seconds',
        'an end after the total time; others are not held up',
      ),
      fault(45, 'An endless or multiply packed answer', 'cut off; little memory'),
      fault(46, 'Garbage in the place of JSON', 'a clear error; a new refresh token in it is kept'),
      fault(47, 'The page of a captive portal', 'offline; nothing changes'),
      fault(48, 'Redirects', 'not followed'),
      fault(49, 'A new refresh token beside something invalid', 'the token is kept, the rest is not used'),
      fault(50, 'No refresh token in the answer', 'the old one stays'),
      fault(51, 'The grant was revoked', 'said once, no more requests, the token is kept sealed'),
      fault(52, 'invalid_grant once, then well', 'works after a person asks; nothing was deleted'),
      fault(53, 'Our client is refused', 'a matter of the provider; one try in an hour'),
      fault(54, 'Every kind of TLS error', 'offline with the reason; no way around'),
      fault(
        55,
        'A DPoP nonce is asked for at every call',
        'one more try, then an error',
        'Tokentray has no DPoP yet: the demand is an error of the provider like any other, and never a loop.',
      ),
      fault(56, 'The keys for ID tokens cannot be had', 'the refresh is kept all the same'),
      fault(57, 'The discovery document names another token endpoint', 'nothing is sent there'),
      fault(58, 'The network comes and goes every two seconds', 'few tries, well in the end'),
      fault(59, 'The HTTP proxy dies or wants credentials', 'offline with the reason'),
      fault(60, 'The revocation endpoint is down', 'nothing is deleted without a word'),
    ],
  },
  {
    title: 'Time, sleep and the machine',
    faults: [
      fault(61, 'The clock is set forward by a day', 'at most one refresh per connection'),
      fault(62, 'The clock is set back by a day', 'no token is given past its life'),
      fault(63, 'The clock is ten minutes off', 'a clear sentence, no loop'),
      fault(
        64,
        'Eight hours of sleep, then no network for a while',
        'nothing before the network is there, then spread out',
        'The machine is not put to sleep: the two clocks are moved as a sleep moves them.',
      ),
      fault(
        65,
        'Sleep in the middle of a refresh',
        'the answer is used if it comes, else it is in doubt',
        'As 64.',
      ),
      fault(66, 'Thirty short wakes without a name server', 'no state changes'),
      fault(67, 'Told to stop during a commit', 'the commit is finished'),
      fault(
        68,
        'The port of the endpoint is taken',
        'said with the holder; another one only where that is allowed',
      ),
      fault(69, 'The callback port is taken at the last moment', 'the consent fails, nothing is sent'),
      fault(70, 'No file descriptors left', 'the open vault works on; no half refresh'),
      fault(71, 'A thousand connections due in the same minute', 'spread out, two per provider'),
      fault(72, 'The window crashes during a consent', 'the consent goes on; nothing is left behind'),
      fault(
        73,
        'There is no tray or no notification service',
        'window and command line do everything',
        'The headless host never has one; the tray comes with the desktop host.',
      ),
      fault(74, 'The folder for logs is full or not writable', 'refreshing goes on'),
    ],
  },
];
