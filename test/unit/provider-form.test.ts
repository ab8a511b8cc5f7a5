// The window's provider form: what it sends for what was typed, and where it puts what the host refuses.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { PresetJson, ProviderJson } from '../../api/wire.ts';
import { HostProblem } from '../../renderer/problem.ts';
import {
  changedFields,
  type Draft,
  draftOf,
  EMPTY_DRAFT,
  newFields,
  redirectRule,
  redirectUri,
} from '../../renderer/views/providers/draft.ts';
import { missing, mistakeOf } from '../../renderer/views/providers/mistakes.ts';
import { freeName, nameOfIssuer } from '../../renderer/views/providers/short-name.ts';

const PROVIDER: ProviderJson = {
  id: 'example',
  name: 'Example',
  discovery: 'none',
  authorization_endpoint: 'https://login.example/authorize',
  token_endpoint: 'https://login.example/token',
  revocation_endpoint: 'https://login.example/revoke',
  authorization_response_iss_parameter_supported: false,
  client_id: 'abc',
  token_endpoint_auth_method: 'client_secret_post',
  scopes: ['openid', 'email'],
  scope_separator: ' ',
  pkce: 'S256',
  authorization_parameters: { access_type: 'offline', prompt: 'consent' },
  profile: { url: 'https://api.example/me', subject: 'id', label: 'login' },
  redirect: { host: '127.0.0.1', port: 'any' },
  api_base_url: 'https://api.example/',
  client_secret: 'set',
  redirect_uri: 'http://127.0.0.1/callback/example',
  connections: 0,
  warnings: [],
};

const draft = (changes: Partial<Draft>): Draft => ({ ...EMPTY_DRAFT, ...changes });

describe('a new provider', () => {
  test('from a preset sends the preset, and nothing that was left empty', () => {
    const typed = draft({ preset: 'google', id: ' google ', client_id: ' abc ' });
    assert.deepEqual(newFields(typed), { preset: 'google', id: 'google', client_id: 'abc' });
  });

  const everything = { issuer: 'https://i.example', authorization_endpoint: 'a', token_endpoint: 't' };
  const ways: readonly (readonly [Draft['way'], readonly string[]])[] = [
    ['preset', ['client_id', 'id', 'preset']],
    ['issuer', ['client_id', 'id', 'issuer']],
    ['hand', ['authorization_endpoint', 'client_id', 'id', 'issuer', 'token_endpoint']],
  ];
  for (const [way, fields] of ways) {
    test(`by the way "${way}" does not send what was typed for another way`, () => {
      const typed = draft({ ...everything, way, preset: 'google', id: 'x', client_id: 'c' });
      assert.deepEqual(Object.keys(newFields(typed)).sort(), fields);
    });
  }

  test('scopes come from a list with spaces and line breaks, parameters from lines of name=value', () => {
    const typed = draft({
      scopes: ' openid\n  email\tcontacts ',
      authorization_parameters: 'prompt = consent\n\nclaims={"a"="b"}',
      redirect_port: 'fixed',
      access_token_seconds: '3600',
      refresh_idle_seconds: ' 600 ',
    });
    const { scopes, authorization_parameters, redirect, ...seconds } = newFields(typed);
    assert.deepEqual(scopes, ['openid', 'email', 'contacts']);
    assert.deepEqual(authorization_parameters, { prompt: 'consent', claims: '{"a"="b"}' });
    assert.deepEqual(redirect, { port: 'fixed' });
    assert.deepEqual(
      [seconds.access_token_seconds, seconds.refresh_idle_seconds, seconds.refresh_absolute_seconds],
      [3_600, 600, undefined],
    );
  });
});

describe('a changed provider', () => {
  test('an entry that is shown and not touched sends nothing', () => {
    assert.deepEqual(changedFields(draftOf(PROVIDER), PROVIDER), {});
  });

  const changes: readonly (readonly [string, Partial<Draft>, Record<string, unknown>])[] = [
    ['another name', { name: 'Other' }, { name: 'Other' }],
    ['a field that is emptied', { api_base_url: ' ' }, { api_base_url: null }],
    ['a field that every entry has, emptied', { client_id: '' }, { client_id: '' }],
    ['no scopes', { scopes: '' }, { scopes: [] }],
    ['no profile', { profile_url: '', profile_subject: '', profile_label: '' }, { profile: null }],
    ['another host', { redirect_host: 'localhost' }, { redirect: { host: 'localhost', port: 'any' } }],
    [
      'a parameter less and one more',
      { authorization_parameters: 'prompt=login\nhd=example' },
      { authorization_parameters: { access_type: null, prompt: 'login', hd: 'example' } },
    ],
    [
      'no parameters',
      { authorization_parameters: '' },
      { authorization_parameters: { access_type: null, prompt: null } },
    ],
  ];
  for (const [what, typed, sent] of changes) {
    test(`${what} is all that is sent`, () => {
      assert.deepEqual(changedFields({ ...draftOf(PROVIDER), ...typed }, PROVIDER), sent);
    });
  }
});

describe('the redirect URI before it is saved', () => {
  const uri = (typed: Draft, preset?: PresetJson) =>
    redirectUri(typed.id, redirectRule(typed, preset), 9_597);
  const preset: PresetJson = {
    id: 'p',
    name: 'P',
    documentation_url: 'https://p.example/',
    registration_url: 'https://p.example/',
    verified_on: '2026-01-31',
    scopes: ['read'],
    redirect: { host: 'localhost', port: 'fixed' },
    redirect_note: 'P takes one port.',
  };

  test('RFC 8252 7.3: with any port it is registered without one', () => {
    assert.equal(uri(draftOf(PROVIDER)), PROVIDER.redirect_uri);
    assert.equal(uri(draft({ id: ' x ' })), 'http://127.0.0.1/callback/x');
  });

  test('with a fixed port it has the one of the settings', () => {
    const typed = draft({ id: 'x', redirect_host: '[::1]', redirect_port: 'fixed' });
    assert.equal(uri(typed), 'http://[::1]:9597/callback/x');
  });

  test('it is that of the preset, but for the half that somebody chose', () => {
    assert.equal(uri(draft({ id: 'x' }), preset), 'http://localhost:9597/callback/x');
    assert.equal(uri(draft({ id: 'x', redirect_port: 'any' }), preset), 'http://localhost/callback/x');
  });
});

describe('mistakes', () => {
  test('everything that is plainly missing is said at once', () => {
    assert.deepEqual(Object.keys(missing(EMPTY_DRAFT)), ['preset', 'id', 'client_id']);
    assert.deepEqual(Object.keys(missing(draft({ way: 'issuer' }))), ['issuer', 'id', 'client_id']);
    const hand = missing(
      draft({
        way: 'hand',
        authorization_parameters: 'prompt',
        access_token_seconds: '1h',
        refresh_idle_seconds: '-1',
      }),
    );
    assert.deepEqual(Object.keys(hand), [
      'authorization_endpoint',
      'token_endpoint',
      'id',
      'client_id',
      'authorization_parameters',
      'access_token_seconds',
      'refresh_idle_seconds',
    ]);
    assert.deepEqual(missing(draftOf(PROVIDER)), {});
  });

  const refused = (detail: string, field?: string, code: HostProblem['code'] = 'invalid_field') =>
    new HostProblem({
      type: `urn:tokentray:error:${code}`,
      title: '',
      status: 400,
      detail,
      code,
      ...(field === undefined ? {} : { field }),
    });

  const answers: readonly (readonly [HostProblem, Draft['way'], string, string])[] = [
    [
      refused('Provider: the field client_id is missing.', 'client_id'),
      'hand',
      'client_id',
      'Client ID is missing.',
    ],
    [
      refused('The body: the field scopes.1 must be one scope.', 'scopes.1'),
      'hand',
      'scopes',
      'Scope 2 must be one scope.',
    ],
    [
      refused('The body: the field profile.url must be an https address.', 'profile.url'),
      'hand',
      'profile_url',
      'Profile address must be an https address.',
    ],
    [
      refused('The body: the field authorization_parameters.a is too long.', 'authorization_parameters.a'),
      'hand',
      'authorization_parameters',
      'The parameter a is too long.',
    ],
    [refused('There is one already.', 'id', 'already_exists'), 'preset', 'id', 'There is one already.'],
    [refused('It names another.', undefined, 'issuer_mismatch'), 'issuer', 'issuer', 'It names another.'],
    [refused('No answer.', undefined, 'offline'), 'hand', 'form', 'No answer.'],
    [refused('What is this.', 'constructor'), 'hand', 'form', 'What is this.'],
  ];
  for (const [problem, way, field, sentence] of answers) {
    test(`"${problem.message}" stands at ${field}`, () => {
      assert.deepEqual(mistakeOf(problem, draft({ way })), { [field]: sentence });
    });
  }
});

describe('a suggested short name', () => {
  test('has a number when it is taken', () => {
    assert.equal(freeName('google', []), 'google');
    assert.equal(freeName('google', ['google', 'google-2']), 'google-3');
    assert.equal(freeName('', ['']), '');
  });

  const issuers: readonly (readonly [string, string])[] = [
    ['https://accounts.google.com', 'google'],
    ['https://login.example.co.uk/realm', 'example'],
    ['https://example.com', 'example'],
    ['https://login.microsoftonline.com/x/v2.0', 'microsoftonline'],
    ['http://127.0.0.1:9596', ''],
    ['http://localhost:8080', ''],
    ['https://', ''],
    ['nonsense', ''],
  ];
  for (const [issuer, name] of issuers) {
    test(`of ${issuer} is "${name}"`, () => assert.equal(nameOfIssuer(issuer), name));
  }
});
