// The provider's own addresses: typed by hand, or as its discovery document gave them.
import { DraftTextField } from './draft-field.tsx';
import type { ProviderFormState } from './form.ts';

export interface EndpointFieldsProps {
  readonly form: ProviderFormState;
  /** All of them, not only those that are needed. */
  readonly all: boolean;
}

export function EndpointFields({ form, all }: EndpointFieldsProps) {
  return (
    <>
      <DraftTextField
        form={form}
        field="authorization_endpoint"
        placeholder="https://login.example.com/authorize"
        hint="Where people sign in and agree."
      />
      <DraftTextField
        form={form}
        field="token_endpoint"
        placeholder="https://login.example.com/token"
        hint="Where codes and refresh tokens are exchanged."
      />
      <DraftTextField
        form={form}
        field="issuer"
        optional
        hint="For OpenID Connect: the name in its ID tokens, to the letter."
      />
      {all && (
        <>
          <DraftTextField form={form} field="revocation_endpoint" optional hint="Where a grant is ended." />
          <DraftTextField
            form={form}
            field="userinfo_endpoint"
            optional
            hint="Where OpenID Connect tells whose token it is."
          />
          <DraftTextField form={form} field="jwks_uri" optional hint="The keys that sign its ID tokens." />
        </>
      )}
    </>
  );
}
