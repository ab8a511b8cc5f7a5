// The providers: a list, and the form that adds or changes one.
import { Page } from '../ui/page.tsx';

export function Providers() {
  return <Page title="Providers">{null}</Page>;
}

export function ProviderForm({ id: _id }: { readonly id: string | undefined }) {
  return <Page title="Providers">{null}</Page>;
}
