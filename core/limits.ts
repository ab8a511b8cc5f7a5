// Every limit and time-out of the engine and its doors, in one table: code, tests and docs read it here.
// Milliseconds end in Ms, bytes in Bytes, seconds in Seconds.

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const KIB = 1_024;

export const LIMITS = {
  // Consent
  /** RFC 8252 section 8.3 wants the listener short-lived; five minutes is long enough for a second factor. State and
   * verifier end with it. */
  listenerLifeMs: 5 * MINUTE,
  /** A browser sends its request line at once; anything slower is holding the socket open. */
  callbackHeaderMs: 10 * SECOND,
  /** How long the last page waits for the code exchange before it says "still working". */
  resultPageWaitMs: 8 * SECOND,
  /** Two people's worth of tabs; more at once is a loop, not a person. */
  consentsAtOnce: 10,
  /** RFC 6749 section 10.10 asks for 128 bits at least; 256 cost nothing. */
  stateBytes: 32,
  /** Pasted or delivered redirect addresses: no provider's comes near 8 KiB. */
  redirectUrlBytes: 8 * KIB,
  /** OS openers and browsers start to cut addresses a little above this. */
  authorizationUrlChars: 8_000,
  /** Finished consents stay answerable for a slow poller. */
  finishedConsentKeptMs: 10 * MINUTE,

  // Requests to a provider
  connectMs: 10 * SECOND,
  totalMs: 30 * SECOND,
  /** After decoding. The largest honest token answers (many claims) stay under 64 KiB. */
  providerBodyBytes: 1_024 * KIB,
  /** CVE-2026-22036: unbounded chains of content encodings. */
  contentEncodings: 2,
  /** Deep nesting exists to exhaust stacks; no OAuth document is deeper than 6. */
  jsonDepth: 32,
  /** Text of a provider that reaches a page or a log line. */
  providerTextChars: 200,
  /** oauth4webapi's default; covers a clock that is a little off. */
  idTokenToleranceSeconds: 30,
  /** Discovery documents change rarely; a day bounds how long an old endpoint lives. */
  discoveryCacheMs: 24 * 60 * MINUTE,

  // Refresh
  /** A clock that was set back by less than this is a clock that was corrected: tokens of before are still believed. */
  clockToleranceMs: 30 * SECOND,
  /** Tokens with less left than this are refreshed before they are handed out. */
  handOutMarginSeconds: 10,
  /** For very short tokens the margin is this share of their life. */
  handOutMarginShare: 0.2,
  /** A forced refresh reuses a result that is younger than this. */
  forceReuseMs: 5 * SECOND,
  /** Background refresh happens between these shares of a token's life, with jitter in between. */
  refreshPointMin: 0.75,
  refreshPointMax: 0.9,
  /** Tokens that live longer than half an hour are refreshed at least five minutes early. */
  refreshEarlyFromSeconds: 30 * 60,
  refreshEarlySeconds: 5 * 60,
  /** setTimeout overflows above 24.8 days and stops during sleep; a short tick does neither. */
  tickMs: 30 * SECOND,
  /** After sleep, or when the network is back, due refreshes begin this far apart: four a second at most. */
  catchUpMs: 250,
  /** After sleep the network is waited for so long; then the system's word that it is there is enough. */
  networkWaitMs: 2 * MINUTE,
  refreshesPerProvider: 2,
  refreshesAtOnce: 8,
  /** Rule for lost answers: one quick retry, within the grace window some providers give. */
  inDoubtRetryMinMs: 1 * SECOND,
  inDoubtRetryMaxMs: 3 * SECOND,
  /** First and longest pause after a refresh that failed for a passing reason. */
  retryFirstMs: 5 * SECOND,
  retryLongestMs: 15 * MINUTE,
  retryAfterCapMs: 60 * MINUTE,
  /** The background asks later than the time that a provider named, by up to this share of it, so that not all ask at once. */
  retryAfterJitter: 0.1,
  /** Warnings before a grant ends, in days: time to plan, and the last moment. The longest first. */
  expiryWarnDays: [7, 1],
  /** An end of a refresh token that comes this much later with an answer is the old one: rounding, and time on the way. */
  refreshExpiryToleranceMs: 10 * SECOND,
  /** The first look at what ends: soon after an unlock, yet after whoever unlocked has their answer. */
  expiryFirstLookMs: 2 * SECOND,
  /** How often it is looked at after that: nothing that is counted in days needs it sooner. */
  expiryLookMs: 10 * MINUTE,
  /** A provider that rejects our client is asked once in this time: only a person can mend that. */
  clientProbeMs: 60 * MINUTE,
  /** A lifetime beyond ten years is a mistake of the provider and would overflow dates further on. */
  lifetimeMaxSeconds: 10 * 365 * 24 * 3_600,
  /** Assumed when a provider says nothing usable and gives no other hint. */
  lifetimeAssumedSeconds: 3_600,

  /** A lock lets a refresh and its one retry run into their time-outs before the key goes. */
  lockMs: 75 * SECOND,
  /** A caller whose refresh has not ended by then is told so: a refresh and its one retry take less, so it waits in a line. */
  refreshWaitMs: 75 * SECOND,
  /** Pause between tries to store a refresh token that the disk did not take. */
  heldRetryMs: 2 * SECOND,
  /** A stop waits this long for refreshes and exchanges in flight (promise 173). */
  closeMs: 10 * SECOND,

  // Local endpoint
  endpointBodyBytes: 64 * KIB,
  endpointHeaderBytes: 16 * KIB,
  endpointHeaderMs: 10 * SECOND,
  endpointBodyMs: 30 * SECOND,
  /** Enough for a burst of 200 scripts with room; far below the usual 1024 file descriptors. */
  endpointConnections: 512,
  badKeysPerMinute: 10,
  /** A removal that a former run began and whose provider is down is tried again after this. */
  removalRetryMs: 15 * MINUTE,
  /** Longest time a token request may wait for a consent. */
  waitMaxSeconds: 600,
  /** Events kept for a reader that reconnects. */
  eventReplay: 1_000,
  /** Keeps proxies and sleeping readers from closing a silent stream. */
  eventHeartbeatMs: 15 * SECOND,
  /** 256 bits: nobody guesses a key. */
  keyBytes: 32,

  // Window in the browser
  /** From the terminal to the browser: a minute is enough for copying a link by hand. */
  loginCodeMs: MINUTE,
  /** Wrong codes are answered later each time, up to this. */
  loginDelayMaxMs: 10 * SECOND,
  /** Between a click on "copy" and the fetch that follows it. */
  copyTicketMs: 10 * SECOND,
  /** Codes or tickets that wait to be used; the oldest gives way. */
  oneTimeTexts: 20,
  windowIdleMs: 15 * MINUTE,
  windowAgeMs: 12 * 60 * MINUTE,
  /** After a login or a proof: long enough to set things up, too short for whoever finds the window left open. */
  windowProofMs: 5 * MINUTE,
  /** Tabs and machines of one person; the oldest session gives way. */
  windowSessions: 20,

  // Audit
  /** Hand-outs kept; at one a minute this is more than two months. */
  auditRows: 100_000,
  /** What else happened, counted apart: no number of refreshes may push a hand-out out of the record. */
  activityRows: 20_000,
  /** One page of the activity. */
  activityPage: 200,

  // Vault
  /** scrypt, 128 MiB for a moment: about half a second on a small machine. */
  scrypt: { N: 2 ** 17, r: 8, p: 1, maxmem: 256 * 1_024 * KIB },
  passphraseChars: 8,
  /** Wrong passphrases wait longer each time, up to this. */
  unlockDelayMaxMs: 10 * SECOND,
  keychainMs: 20 * SECOND,
  /** Pauses between tries to open the vault by itself: right after a login some keychains have nothing yet, or are not there. */
  selfUnlockFirstMs: 2 * SECOND,
  selfUnlockLongestMs: MINUTE,
  /** Some six minutes in all: a desktop that has not started its keychain by then needs a person. */
  selfUnlockTries: 10,
  /** A file that is imported: as large as an export of a thousand connections, and nothing that fills the memory. */
  importBytes: 5_000_000,
  /** NIST SP 800-38D section 8.3 allows 2^32 random nonces under one key; the data key retires long before. */
  sealsPerKey: 2 ** 31,
} as const;
