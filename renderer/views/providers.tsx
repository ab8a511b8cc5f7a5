// The providers: a list, and the form that adds or changes one.
import { useQuery } from '@tanstack/react-query';
import { sentenceOf } from '../problem.ts';
import { queries } from '../queries.ts';
import { ButtonLink } from '../ui/button-link.tsx';
import { EmptyState } from '../ui/empty-state.tsx';
import { Page } from '../ui/page.tsx';
import { EditProvider } from './providers/edit-provider.tsx';
import { NewProvider } from './providers/new-provider.tsx';
import { ProviderList } from './providers/provider-list.tsx';

export function Providers() {
  const { data: providers, error } = useQuery(queries.providers);
  const any = providers !== undefined && providers.length > 0;
  return (
    <Page
      title="Providers"
      actions={
        any && (
          <ButtonLink variant="primary" to="/providers/new">
            Add provider
          </ButtonLink>
        )
      }
    >
      {error !== null && <p role="alert">{sentenceOf(error)}</p>}
      {providers !== undefined && <ProviderList providers={providers} />}
    </Page>
  );
}

export function ProviderForm({ id }: { readonly id: string | undefined }) {
  const { data: providers, error } = useQuery(queries.providers);
  const { data: settings, error: noSettings } = useQuery(queries.settings);
  // The form shows them at once, so it waits for them: nothing in it moves when they come.
  const { isPending: presetsPending } = useQuery(queries.presets);
  const failure = error ?? noSettings;
  if (failure !== null) {
    return (
      <Page title="Provider">
        <p role="alert">{sentenceOf(failure)}</p>
      </Page>
    );
  }
  if (providers === undefined || settings === undefined || presetsPending) {
    return <Page title="Provider">{null}</Page>;
  }
  const redirectPort = settings.redirect_port;
  if (id === undefined) return <NewProvider redirectPort={redirectPort} />;
  const provider = providers.find((one) => one.id === id);
  if (provider !== undefined) return <EditProvider provider={provider} redirectPort={redirectPort} />;
  return (
    <Page title="Provider">
      <EmptyState
        title="This provider is not here"
        actions={<ButtonLink to="/providers">All providers</ButtonLink>}
      >
        <p>It was removed, or the address is mistyped.</p>
      </EmptyState>
    </Page>
  );
}
